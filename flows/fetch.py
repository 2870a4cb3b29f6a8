"""Fetch return files: from the ``out`` folder to a local copy that is safe and recorded.

``out`` is shared with whatever else the firm exchanges with Chorus Pro: only names of the
configured interfaces are touched.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import Settings
from flows.channels import Channel, RemoteEntry
from flows.channels.localfile import fsync_folder
from flows.collect_result import NOT_FETCHED
from flows.crashpoints import CrashPoint, reach
from flows.errors import ChannelRefusedError, LoginRefusedError, TargetExistsError, TransportError
from flows.ledger import Ledger, ReturnRecord, ReturnState
from flows.private_files import private_folder
from transforms.finding import Finding, Location, Severity

_LOG = logging.getLogger(__name__)

_INCOMING = "incoming"
_BLOCK = 1 << 20
#: Bytes of a file name, on every file system of Linux.
_LONGEST_NAME = 255

#: What a channel may raise while ``out`` is read.
ChannelProblem = TransportError | ChannelRefusedError


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch took.

    Attributes:
        names: files fetched now.
        known: number of files fetched before, by name and size or by hash.
        findings: files that could not be fetched (``RT-FILE-02``).
        problem: why the channel could not be asked to the end, or None.
    """

    names: tuple[str, ...]
    known: int
    findings: tuple[Finding, ...]
    problem: ChannelProblem | None


class Fetcher:
    """Takes return files from one channel to one folder.

    Args:
        ledger: records what is fetched.
        channel: where ``out`` is.
        settings: interfaces to take, limits, what to do on the remote side.
        folder: where local copies are kept, one folder per month.
        clock: tells the present moment in UTC.
    """

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        settings: Settings,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._channel = channel
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self._names: list[str] = []
        self._known = 0
        self._findings: list[Finding] = []

    def fetch(self) -> Fetched:
        """Fetch what is new; a failing channel is told in the result, not raised."""
        problem: ChannelProblem | None = None
        cuts = 0
        try:
            recorded = _by_name(self._ledger.returns())
            for entry in self._channel.list_out():
                if not self._is_ours(entry.name):
                    continue
                if _is_recorded(entry, recorded.get(entry.name, ())):
                    self._known += 1
                elif self._is_complete(entry):
                    cut = self._cut(entry)
                    problem = problem or cut
                    cuts += cut is not None
                    if cuts == self._settings.returns.cuts_per_fetch:
                        break
        except (TransportError, ChannelRefusedError) as error:
            problem = error
        return Fetched(tuple(self._names), self._known, tuple(self._findings), problem)

    def tidy(self) -> ChannelProblem | None:
        """Move or remove on the remote side what is reconciled; return why it failed, or None.

        What is not understood stays where it is: it may only be cut short.
        """
        returns = self._settings.returns
        if returns.after_fetch == "keep":
            return None
        safe = _by_name(self._ledger.returns(states={ReturnState.RECONCILED}))
        try:
            for entry in self._channel.list_out():
                if not self._is_ours(entry.name):
                    continue
                if _is_recorded(entry, safe.get(entry.name, ())):
                    self._take_away(entry.name)
                    reach(CrashPoint.RETURN_REMOVED)
        except (TransportError, ChannelRefusedError) as error:
            return error
        return None

    def _take_away(self, name: str) -> None:
        if self._settings.returns.after_fetch == "remove":
            self._channel.remove(name)
            return
        try:
            self._channel.move(name, self._settings.returns.done_folder)
        except TargetExistsError as error:
            _LOG.warning("%s stays in out: %s", name, error)

    def _is_ours(self, name: str) -> bool:
        hidden = {
            *self._settings.returns.unfinished_suffixes,
            self._settings.channel.temporary_suffix,
        }
        endings = tuple(hidden - {""})
        return name.startswith(self._settings.returns.interfaces) and not name.endswith(endings)

    def _is_complete(self, entry: RemoteEntry) -> bool:
        age = self._settings.returns.settle_seconds
        if not age or entry.modified is None:
            return True
        # A server whose clock is ahead of ours shows files from the future: they are taken.
        return not 0 <= self._clock().timestamp() - entry.modified < age

    def _cut(self, entry: RemoteEntry) -> TransportError | None:
        """Fetch a file; return what cut it short, for those behind it may come through."""
        try:
            self._fetch(entry)
        except TransportError as error:
            return error
        return None

    def _fetch(self, entry: RemoteEntry) -> None:
        # Not under its own name, which may be as long as a name can be.
        named = hashlib.sha256(entry.name.encode("utf-8", "surrogateescape")).hexdigest()
        incoming = self.made(_INCOMING) / named
        try:
            size = self._channel.get(
                entry.name, incoming, max_bytes=self._settings.returns.max_bytes
            )
        except LoginRefusedError:
            raise  # no other file would be had, and each try might lock the account
        except ChannelRefusedError as error:
            # One file that cannot be had does not keep the others from being had.
            place, params = Location(entry.name), {"detail": error.what}
            self._findings.append(Finding(NOT_FETCHED, Severity.ERROR, place, params=params))
            return
        reach(CrashPoint.RETURN_FETCHED)
        sha256 = _sha256(incoming)
        if self._ledger.return_seen(sha256):
            incoming.unlink()
            self._known += 1
            return
        month = self._clock().astimezone(ZoneInfo(self._settings.run_date)).strftime("%Y-%m")
        # The hash keeps two files of one name apart, and makes a second try land on the first.
        kept = self.made(month) / _kept_name(entry.name, sha256)
        incoming.replace(kept)
        fsync_folder(kept.parent)
        reach(CrashPoint.RETURN_KEPT)
        self._ledger.record_return(
            name=entry.name,
            sha256=sha256,
            size=size,
            kept_as=str(kept.relative_to(self._folder)),
            kind="",
            state=ReturnState.FETCHED,
        )
        reach(CrashPoint.RETURN_RECORDED)
        self._names.append(entry.name)

    def made(self, name: str) -> Path:
        """Return a folder below the local one, made durably if it is not there."""
        path = self._folder / name
        if not path.is_dir():
            private_folder(path)
            fsync_folder(path.parent)
        return path


def _by_name(records: Collection[ReturnRecord]) -> dict[str, list[ReturnRecord]]:
    by_name: dict[str, list[ReturnRecord]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    return by_name


def _is_recorded(entry: RemoteEntry, records: Collection[ReturnRecord]) -> bool:
    """Whether the file was fetched before: same name and size, not changed since."""
    return any(
        entry.size == record.size
        and (entry.modified is None or entry.modified <= record.received_at.timestamp())
        for record in records
    )


def _kept_name(name: str, sha256: str) -> str:
    """Return the name of a local copy: that of the file, cut where it leaves no room, its hash."""
    mark = f".{sha256[:12]}"
    room = _LONGEST_NAME - len(mark)
    return name.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + mark


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
