"""Whole nights against an SFTP server that misbehaves, then one without the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import Sandbox
from tests.integration.sshd import new_key, public_line
from tests.reliability.fault_cases import SFTP, FaultCase
from tests.support import faulty_sftp as server
from tests.support import tcp_faults as line
from tests.support.fault_nights import firm_of_three, play
from tests.support.faulty_sftp import FaultyServer, Honest
from tests.support.firm import Firm

pytestmark = pytest.mark.integration

#: Name of the first flow of the firm of the tests.
FIRST = "FSO1106A_ABC123_ABC1231106000000000000001"


@dataclass
class Stage:
    """The firm, the server's folders, and the means to put one at fault."""

    root: Path
    firm: Firm
    sandbox: Sandbox
    clean: list[Callable[[], object]] = field(default_factory=list)

    @contextmanager
    def serve(self, kind: type[Honest] = Honest, **login: Any) -> Iterator[FaultyServer]:
        """Run a server, and have the firm's settings lead to it."""
        with FaultyServer(self.sandbox.in_folder.parent, self.root / "keys", kind) as running:
            self._point(running, login)
            yield running

    @contextmanager
    def behind(self, relay: line.Relay, **login: Any) -> Iterator[FaultyServer]:
        """Run a well server behind a relay."""
        with self.serve() as running:
            relay.target = running.port
            key = running.keys.known_hosts
            key.write_text(key.read_text().replace(str(running.port), str(relay.port)))
            self._point(running, {"port": relay.port} | login)
            yield running

    @contextmanager
    def well(self) -> Iterator[None]:
        """Mend what was set up, and run a server without a fault."""
        while self.clean:
            self.clean.pop()()
        with self.serve() as running:
            running.give_back()
            yield

    def _point(self, running: FaultyServer, login: dict[str, Any]) -> None:
        self.firm.sections["channel.sftp"] = running.login() | login
        self.firm.write_settings()

    def channel(self, **changes: Any) -> None:
        """Change the settings of the channel."""
        self.firm.sections["channel"] |= changes


def _plain(kind: type[Honest], channel: dict[str, Any] | None = None, **login: Any) -> Any:
    """Return the arrangement of a fault that is a class, and settings."""

    @contextmanager
    def arrange(stage: Stage) -> Iterator[FaultyServer]:
        stage.channel(**(channel or {}))
        with stage.serve(kind, **login) as running:
            yield running
            assert running.struck, "the fault did not strike"

    return arrange


@contextmanager
def _host_key_changed(stage: Stage) -> Iterator[None]:
    with stage.serve() as running:
        hosts = running.keys.known_hosts
        hosts.write_text(f"[127.0.0.1]:{running.port} {public_line(new_key())}\n")
        yield
        assert running.logins == 0


@contextmanager
def _host_unknown(stage: Stage) -> Iterator[None]:
    with stage.serve() as running:
        running.keys.known_hosts.write_text(f"elsewhere.example {public_line(new_key())}\n")
        yield
        assert running.logins == 0


@contextmanager
def _key_refused(stage: Stage) -> Iterator[None]:
    stage.channel(retries=3)  # which must not apply
    with stage.serve(server.KeyRefused) as running:
        yield
        assert running.logins == 1


@contextmanager
def _nobody_listens(stage: Stage) -> Iterator[None]:
    with stage.serve():
        pass
    yield


def _relay(relay: Callable[[], line.Relay], **login: Any) -> Any:
    @contextmanager
    def arrange(stage: Stage) -> Iterator[None]:
        with relay() as passing, stage.behind(passing, **login):
            yield
            assert passing.connections

    return arrange


def _renamed(folder: str) -> Any:
    """Return the arrangement of a folder that is not there."""

    @contextmanager
    def arrange(stage: Stage) -> Iterator[None]:
        place = stage.sandbox.in_folder.parent / folder
        away = place.with_name(f"{folder}-away")
        place.rename(away)
        stage.clean.append(lambda: away.rename(place))
        with stage.serve():
            yield

    return arrange


@contextmanager
def _name_taken(stage: Stage) -> Iterator[None]:
    theirs = stage.sandbox.in_folder / FIRST
    theirs.write_bytes(b"of another tool")
    with stage.serve():
        yield
    assert theirs.read_bytes() == b"of another tool"
    theirs.unlink()  # taken by Chorus Pro, which is not our affair


@contextmanager
def _name_taken_meanwhile(stage: Stage) -> Iterator[None]:
    with stage.serve(server.NameTakenMeanwhile):
        yield
    theirs = stage.sandbox.in_folder / FIRST
    assert theirs.read_bytes() == b"of another tool"
    theirs.unlink()


@contextmanager
def _temporary_not_ignored(stage: Stage) -> Iterator[None]:
    stage.channel(temporary_ignored=False)
    with stage.serve(server.CutAt):
        yield
    for path in stage.sandbox.in_folder.iterdir():
        path.unlink()  # the operator saw it, and knows by now that Chorus Pro did not take it


QUICK = {"operation_timeout": 1}
FAULTS: dict[str, Callable[[Stage], AbstractContextManager[Any]]] = {
    "host key changed": _host_key_changed,
    "host unknown": _host_unknown,
    "key refused": _key_refused,
    "no session": _plain(server.NoSession),
    "nobody listens": _nobody_listens,
    "not SSH": _relay(line.NotSsh),
    "banner hang": _relay(line.BannerHang, connect_timeout=0.5),
    "channel hang": _plain(server.ChannelHang, connect_timeout=2),
    "cut at 0 %": _plain(server.CutAtTheStart),
    "cut half-way": _plain(server.CutAt),
    "cut at 100 %": _plain(server.CutAtTheEnd),
    "line cut": _relay(lambda: line.CutsAfter(0, 5_000)),
    "cut once": _plain(server.CutOnce, {"retries": 1}),
    "cut under the second flow": _plain(server.CutUnderTheSecondFlow),
    "upload hang": _plain(server.UploadHang, **QUICK),
    "disk full": _plain(server.DiskFull),
    "quota": _plain(server.Quota),
    "end lost": _plain(server.LosesTheEnd),
    "permission denied": _plain(server.Denied),
    "folder missing": _renamed("in"),
    "temporary left behind": _plain(server.LeftBehind),
    "no sizes": _plain(server.NoSizes),
    "slow link": _relay(line.SlowLink),
    "no temporary name": _plain(server.CutAt, {"temporary": "none"}),
    "temporary names not ignored": _temporary_not_ignored,
    "name taken": _name_taken,
    "name taken meanwhile": _name_taken_meanwhile,
    "rename refused": _plain(server.RenameRefused),
    "cut before the rename": _plain(server.CutBeforeRename),
    "cut after the rename": _plain(server.CutAfterRename),
    "cut after the rename, taken": _plain(server.CutAfterRenameAndTaken),
    "rename hang": _plain(server.RenameHang, **QUICK),
    "renamed, said to have failed": _plain(server.RenamedAndFailed),
    "file vanishes after the rename": _plain(server.TakenAtOnce),
    "idle connections closed": _plain(server.ClosesIdle, {"retries": 3}),
    "listing hang": _plain(server.ListingHang, **QUICK),
    "out denied": _plain(server.ListingDenied),
    "out missing": _renamed("out"),
}


def test_every_case_has_its_fault_and_no_other() -> None:
    assert list(FAULTS) == [case.name for case in SFTP]


@pytest.mark.parametrize("case", SFTP, ids=lambda case: case.name)
def test_a_night_meets_it_and_the_next_one_mends_it(
    case: FaultCase, ledger_url: str, tmp_path: Path
) -> None:
    firm = firm_of_three(tmp_path / "firm", ledger_url, {"kind": "sftp"})
    sandbox = Sandbox(tmp_path / "chorus", clock=lambda: firm.now)
    stage = Stage(tmp_path, firm, sandbox)
    try:
        play(case, firm, sandbox, faulty=lambda: FAULTS[case.name](stage), well=stage.well)
    finally:
        sandbox.close()
