"""Whole nights against a real OpenSSH, chrooted as on a gateway where the tests run as root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.channels.base import Progress
from flows.channels.sftp import SftpChannel
from flows.sandbox import Sandbox
from tests.integration.sshd import CHROOTS, Sshd, gateway, new_key, public_line
from tests.reliability.fault_cases import OPENSSH, FaultCase
from tests.support.fault_nights import firm_of_three, play
from tests.support.firm import Firm

pytestmark = pytest.mark.integration

FIRST = "FSO1106A_ABC123_ABC1231106000000000000001"
#: Where only root may write: sshd refuses to chroot below a folder of everybody's.
ROOTS = Path("/var/lib")


@dataclass
class Stage:
    """The firm, the folders of the account, and the server."""

    place: Path
    firm: Firm
    account: Path
    patch: pytest.MonkeyPatch

    @contextmanager
    def serve(self, *, file_limit: int | None = None, **login: Any) -> Iterator[Sshd]:
        """Run the server, and have the firm's settings lead to it."""
        folder = Path(tempfile.mkdtemp(dir=self.place))
        folder.chmod(0o755)
        with gateway(folder, self.account, file_limit=file_limit) as sshd:
            values = sshd.settings().sftp.model_dump(exclude_defaults=True)
            self.firm.sections["channel.sftp"] = values | login
            self.firm.write_settings()
            yield sshd

    @contextmanager
    def at_upload(self, happen: Callable[[], object]) -> Iterator[None]:
        """Have something happen at the beginning of each upload."""
        put = SftpChannel.put

        def and_happen(
            channel: SftpChannel, local: Path, path: str, *, progress: Progress | None = None
        ) -> int | None:
            def listen(sent: int, total: int) -> None:
                if not sent:
                    happen()
                if progress:
                    progress(sent, total)

            return put(channel, local, path, progress=listen)

        with self.patch.context() as patch:
            patch.setattr(SftpChannel, "put", and_happen)
            yield


@contextmanager
def _host_key_changed(stage: Stage) -> Iterator[None]:
    with stage.serve() as sshd:
        sshd.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {public_line(new_key())}\n")
        yield


@contextmanager
def _key_refused(stage: Stage) -> Iterator[None]:
    with stage.serve() as sshd:
        authorized = sshd.key_file.with_name("authorized_keys")
        authorized.write_text(public_line(new_key()) + "\n")
        yield


@contextmanager
def _permission_denied(stage: Stage) -> Iterator[None]:
    folder = stage.account / "in"
    with stage.serve():
        if CHROOTS:
            shutil.chown(folder, "root")
        folder.chmod(0o555)
        yield
    folder.chmod(0o755)


@contextmanager
def _folder_missing(stage: Stage) -> Iterator[None]:
    with stage.serve():
        (stage.account / "in").rmdir()
        yield
    (stage.account / "in").mkdir()


@contextmanager
def _disk_full(stage: Stage) -> Iterator[None]:
    with stage.serve(file_limit=2_000):  # the flows are larger, nothing else is
        yield


@contextmanager
def _cut(stage: Stage) -> Iterator[None]:
    with stage.serve() as sshd, stage.at_upload(sshd.cut):
        yield


@contextmanager
def _frozen(stage: Stage) -> Iterator[None]:
    with stage.serve(operation_timeout=1) as sshd, stage.at_upload(sshd.freeze):
        yield


@contextmanager
def _gone(stage: Stage) -> Iterator[None]:
    with stage.serve() as sshd:
        sshd.stop()
        yield


@contextmanager
def _name_taken(stage: Stage) -> Iterator[None]:
    theirs = stage.account / "in" / FIRST
    theirs.write_bytes(b"of another tool")
    with stage.serve():
        yield
    assert theirs.read_bytes() == b"of another tool"
    theirs.unlink()


FAULTS: dict[str, Callable[[Stage], AbstractContextManager[None]]] = {
    "host key changed": _host_key_changed,
    "key refused": _key_refused,
    "permission denied": _permission_denied,
    "folder missing": _folder_missing,
    "disk full": _disk_full,
    "cut": _cut,
    "frozen": _frozen,
    "gone": _gone,
    "name taken": _name_taken,
}


def test_every_case_has_its_fault_and_no_other() -> None:
    assert list(FAULTS) == [case.name for case in OPENSSH]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder for the server: as root, one that sshd chroots into."""
    if not CHROOTS:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="chorus-flows-sshd-", dir=ROOTS))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("way", ["chrooted" if CHROOTS else "as the user of the tests"])
@pytest.mark.parametrize("case", OPENSSH, ids=lambda case: case.name)
def test_a_night_meets_it_and_the_next_one_mends_it(
    case: FaultCase,
    way: str,
    ledger_url: str,
    tmp_path: Path,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    firm = firm_of_three(tmp_path / "firm", ledger_url, {"kind": "sftp"})
    mask = os.umask(0o022)  # sshd wants folders that only root may write
    sandbox = Sandbox(place / "chorus", clock=lambda: firm.now)
    os.umask(mask)
    stage = Stage(place, firm, sandbox.in_folder.parent, monkeypatch)

    @contextmanager
    def well() -> Iterator[None]:
        with stage.serve():
            yield

    try:
        play(case, firm, sandbox, faulty=lambda: FAULTS[case.name](stage), well=well)
    finally:
        sandbox.close()
