"""Whole nights over a folder that fails, then one without the fault."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.channels import folder as channel
from flows.channels.base import Progress
from flows.channels.folder import FolderChannel
from flows.sandbox import Sandbox
from tests.reliability.fault_cases import FOLDER, FaultCase
from tests.support.fault_nights import firm_of_three, play

FIRST = "FSO1106A_ABC123_ABC1231106000000000000001"


@dataclass
class Share:
    """The folders of the share, and a place where the firm's tool keeps what it took."""

    root: Path
    taken: Path
    patch: pytest.MonkeyPatch

    def take(self, name: str) -> None:
        """Take a flow away."""
        (self.root / "in" / name).replace(self.taken / name.partition(".")[0])

    def give_back(self) -> None:
        """Put what the tool took before the judge."""
        for path in self.taken.iterdir():
            assert not (self.root / "in" / path.name).exists(), "handed over again"
            path.replace(self.root / "in" / path.name)


def _fails(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@contextmanager
def _away(place: Path) -> Iterator[None]:
    hidden = place.with_name(f"{place.name}-away")
    place.rename(hidden)
    yield
    hidden.rename(place)


def _half_way(number: int) -> Any:
    """Return the arrangement of a copy that fails when half of it is written."""

    @contextmanager
    def arrange(share: Share) -> Iterator[None]:
        def copy(source: Any, sink: Any, *, total: int, progress: Progress | None) -> None:
            sink.write(source.read(total // 2))
            sink.flush()
            raise _fails(number)

        with share.patch.context() as patch:
            patch.setattr(channel, "_copy", copy)
            yield

    return arrange


@contextmanager
def _read_only(share: Share) -> Iterator[None]:
    opened = Path.open

    def refuse(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if path.is_relative_to(share.root) and set(mode) & set("wxa+"):
            raise _fails(errno.EROFS)
        return opened(path, mode, *arguments, **options)

    with share.patch.context() as patch:
        patch.setattr(Path, "open", refuse)
        yield


@contextmanager
def _no_hard_links(share: Share) -> Iterator[None]:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise _fails(errno.EPERM)

    with share.patch.context() as patch:
        patch.setattr(channel.os, "link", refuse)
        yield


@contextmanager
def _name_taken(share: Share) -> Iterator[None]:
    theirs = share.root / "in" / FIRST
    theirs.write_bytes(b"of another tool")
    yield
    assert theirs.read_bytes() == b"of another tool"
    theirs.unlink()


@contextmanager
def _tool(share: Share, *, fails: bool = False) -> Iterator[None]:
    """Have the tool take final names the moment they are there."""
    rename = FolderChannel.rename

    def and_take(self: FolderChannel, temporary: str, final: str) -> None:
        rename(self, temporary, final)
        share.take(Path(final).name)
        if fails:
            with channel._operation(f"renaming to {final}"):
                raise _fails(errno.EIO)

    with share.patch.context() as patch:
        patch.setattr(FolderChannel, "rename", and_take)
        yield


@contextmanager
def _takes_temporary_names(share: Share) -> Iterator[None]:
    put = FolderChannel.put

    def and_take(
        self: FolderChannel, local: Path, path: str, *, progress: Progress | None = None
    ) -> int | None:
        size = put(self, local, path, progress=progress)
        (share.root / path).unlink()  # carried under a name that Chorus Pro refuses
        return size

    with share.patch.context() as patch:
        patch.setattr(FolderChannel, "put", and_take)
        yield


FAULTS: dict[str, Callable[[Share], AbstractContextManager[None]]] = {
    "not mounted": lambda share: _away(share.root),
    "in missing": lambda share: _away(share.root / "in"),
    "read-only": _read_only,
    "disk full": _half_way(errno.ENOSPC),
    "quota": _half_way(errno.EDQUOT),
    "share lost": _half_way(errno.ESTALE),
    "name taken": _name_taken,
    "no hard links": _no_hard_links,
    "taken at once": _tool,
    "taken, and the answer lost": lambda share: _tool(share, fails=True),
    "temporary name taken away": _takes_temporary_names,
    "out missing": lambda share: _away(share.root / "out"),
}


def test_every_case_has_its_fault_and_no_other() -> None:
    assert list(FAULTS) == [case.name for case in FOLDER]


@pytest.mark.parametrize("case", FOLDER, ids=lambda case: case.name)
def test_a_night_meets_it_and_the_next_one_mends_it(
    case: FaultCase, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox_root = tmp_path / "chorus"
    exchange = sandbox_root / "exchange"
    firm = firm_of_three(
        tmp_path / "firm", ledger_url, {"kind": "folder", "root": exchange, "in_folder": "in"}
    )
    sandbox = Sandbox(sandbox_root, clock=lambda: firm.now)
    (tmp_path / "taken").mkdir()
    share = Share(exchange, tmp_path / "taken", monkeypatch)

    @contextmanager
    def well() -> Iterator[None]:
        share.give_back()
        yield

    try:
        play(case, firm, sandbox, faulty=lambda: FAULTS[case.name](share), well=well)
    finally:
        sandbox.close()
