"""``quarantine retry``: mended rows go into the landing folder, by an operator's word.

The files are copied first and the copies judged: they must be readable by the profile and hold
nothing but invoices that are still quarantined. Then the word is recorded, an event for each
invoice; then the copies appear in the landing folder under names of their own, complete, each with
the companions that the settings ask for. The next run reads them as it reads any extract.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.landing_settings import Landing
from config.profile import Profile
from flows.audit import seal
from flows.channels.localfile import fsync_folder
from flows.configuration import Configuration
from flows.errors import ConfigurationError, disk_failed
from flows.extract_sets import matching, pair_key
from flows.folders import StateFolders
from flows.landing_moves import shown
from flows.ledger import InvoiceRecord, utc_now
from flows.ledger_access import open_ledger
from flows.mended import NOTHING_DONE, Mended, announce, judge, make_unseen
from flows.private_files import open_private
from flows.quarantine import RETRY, known_run
from flows.restored import require_current
from flows.sources import load_sources
from flows.word import word
from flows.xml_source import is_xml


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry did: names in the landing folder, and the invoices asked for."""

    files: tuple[str, ...]
    invoices: tuple[InvoiceRecord, ...]

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        told = [f"{len(self.invoices)} invoices to be read again by the next run, from:"]
        return [*told, *(f"  {name}" for name in self.files)]

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        asked = [{"number": i.number, "run": i.run_id, "row": i.invoice_row} for i in self.invoices]
        return {"files": list(self.files), "invoices": asked}


def retry(
    configuration: Configuration,
    paths: Sequence[Path],
    *,
    by: str,
    reason: str,
    run_id: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Retried:
    """Have mended rows read by the next run.

    Args:
        configuration: the installation.
        paths: files of the profile of the settings; those that are read together are given
            together.
        by: who decides.
        reason: why.
        run_id: the run that must have quarantined them; None: any.
        clock: tells the present moment.

    Raises:
        ConfigurationError: nobody is named, a file is not readable by the profile, it holds another
            invoice than quarantined ones, or the settings leave no way to announce it.
        KeptExtractError: master data that the file needs is gone.
        DiskError: the landing folder cannot be written.
    """
    said = word(by, reason, command="quarantine retry")
    settings = configuration.settings
    landing = settings.landing
    folders = StateFolders(settings.state_folder)
    now = clock()
    with (
        open_ledger(configuration, clock=clock, create=False) as ledger,
        ExitStack() as undo,
    ):
        require_current(configuration, ledger)
        known_run(ledger, run_id)
        sources = load_sources(
            settings, run_id="retry", run_date=now.date(), outbox=folders.root / "outbox"
        )
        profile = sources.setup.profile
        try:
            mended = [_copied(landing.folder, path, undo) for path in paths]
            asked = judge(mended, ledger, folders, sources, run_id)
            _name(mended, landing, profile, now)
            for each in mended:
                announce(each, landing, profile)
                if not is_xml(profile):
                    make_unseen(each, ledger, profile)
            names = ", ".join(each.final for each in mended)
            # The word comes first: a file that a run may take must have somebody who sent it.
            ledger.note_invoices(RETRY, asked, actor=said.by, reason=f"{said.reason} [{names}]")
            for each in mended:
                _appear(each, landing, now)
            fsync_folder(landing.folder)
        except OSError as error:
            raise disk_failed(error, what="The mended rows cannot be put down") from error
        seal(ledger, settings, "retry")
    return Retried(tuple(each.final for each in mended), tuple(asked))


def _copied(landing: Path, path: Path, undo: ExitStack) -> Mended:
    """Copy a file into the landing folder, under a name that no run takes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigurationError(f"{path} is not a file.", next_step=NOTHING_DONE)
    with os.fdopen(descriptor, "rb") as source:
        handle, name = tempfile.mkstemp(prefix=".retry-", suffix=".part", dir=landing)
        copy = Path(name)
        undo.callback(copy.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(source, target)
    return Mended(shown(path), copy)


def _name(mended: Sequence[Mended], landing: Landing, profile: Profile, now: datetime) -> None:
    """Give each file a name that says what it is, and that the profile still knows.

    Raises:
        ConfigurationError: no such name is taken by ``landing.pattern`` and the profile.
    """
    stamp = f"retry-{now.astimezone(UTC):%Y%m%dT%H%M%S}"
    before = [each.name for each in mended]
    for rank in range(1, 100):
        mark = stamp if rank == 1 else f"{stamp}-{rank}"
        for form in (_after, _before):
            names = [form(name, mark) for name in before]
            if any((landing.folder / name).exists() for name in names):
                continue
            fit = all(Path(name).match(landing.pattern) for name in names)
            if fit and _same_kind(before, names, profile):
                for each, name in zip(mended, names, strict=True):
                    each.final = name
                return
    message = (
        f"No name made of {', '.join(before)} is one that landing.pattern ({landing.pattern}) and "
        f"the profile {profile.profile} take."
    )
    step = f"Name the files as the extracts they come from are named. {NOTHING_DONE}"
    raise ConfigurationError(message, next_step=step)


def _after(name: str, mark: str) -> str:
    path = Path(name)
    return f"{path.stem}~{mark}{path.suffix}"


def _before(name: str, mark: str) -> str:
    return f"{mark}~{name}"


def _same_kind(before: Sequence[str], after: Sequence[str], profile: Profile) -> bool:
    """Whether names mean the same to the profile: header or lines, and which go together."""
    shape = profile.shape
    paired = shape.kind == "header_lines"
    own = (*shape.header_files, *shape.lines_files) if paired else ()
    joined = [p for join in profile.joined if not join.of_itself for p in join.files or ()]
    for old, new in zip(before, after, strict=True):
        if any(matching(old, known) != matching(new, known) for known in (own, joined)):
            return False
    groups = [[pair_key(name, shape) for name in names] for names in (before, after)]
    first, second = ([keys.index(key) for key in keys] for keys in groups)
    return not paired or first == second


def _appear(mended: Mended, landing: Landing, now: datetime) -> None:
    """Give a complete copy its name; its control before it, what makes it complete after it."""
    target = landing.folder / mended.final
    with mended.copy.open("rb") as stream:
        os.fsync(stream.fileno())
    # It is complete: no run needs to wait and see whether it still grows.
    old = now.timestamp() - landing.stable_seconds - 1
    os.utime(mended.copy, (old, old))
    if mended.control:
        _put(target.with_name(target.name + landing.control.suffix), mended.control)
    mended.copy.rename(target)
    if landing.complete_when == "done_file":
        _put(target.with_name(target.name + landing.done_suffix), "")


def _put(path: Path, content: str) -> None:
    with open_private(path, new=True) as stream:
        stream.write(content.encode())
        stream.flush()
        os.fsync(stream.fileno())
