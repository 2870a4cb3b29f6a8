"""What goes wrong in the nights of a soak: crashes, cuts, full disks, a ledger in use."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

from sqlalchemy import create_engine, text

from flows.crashpoints import CrashPoint
from flows.night_result import Mode
from flows.sandbox import Fault, FaultKind, at_percent
from flows.sandbox.faults import UPLOAD_FAULTS
from tests.soak.world import PARIS, World
from tests.support.apart import Ended, collect_apart, night_apart


class Trouble(World):
    """Extracts land, and the nights that should send them are disturbed."""

    def _land(self) -> None:
        self._attachments_arrive(self._night)
        to_mend: list[str] = []
        if self._made():
            known = self.known()
            dead = self.truth.dead_numbers(known, self.firm.root / "landing")
            to_mend = [number for number in dead if self.random.random() < 0.5]
        today = self._now.astimezone(PARIS).date()
        for extract in self._erp.night(self._night, today, to_mend):
            self.drop(extract)
        if self.truth.extracts and self.random.random() < 0.08:
            # The ERP sends a file it has sent before.
            self.drop(self._erp.again(self.random.choice(list(self.truth.extracts.values()))))

    def _go_wrong(self) -> None:
        """Crash, cut and fill up, up to four times in a row."""
        if self.random.random() < 0.1:
            return  # a quiet night
        for rank in range(self.random.choice((1, 2, 2, 3))):
            if rank and self.random.random() < 0.8:
                self._land()  # else there would be nothing left to crash in
            self._switch_faults_on()
            self._trouble()
            self.sandbox.faults.clear()
            self._count_faults()
            self._pass(timedelta(minutes=self.random.randint(1, 40)))
            if self.random.random() < 0.3:
                self._other_side()

    def _trouble(self) -> None:
        """One attempt at the night under trouble of some kind."""
        crash_at = ""
        if self.random.random() < 0.85:
            point = self.random.choice(list(CrashPoint)).value
            crash_at = f"{point}:{self.random.choice((1, 1, 1, 1, 2, 3))}"
        mode = Mode.HOLD if self.random.random() < 0.06 else Mode.DEPOSIT
        dice = self.random.random()
        if dice < 0.06:
            self._killed_worker()
        elif dice < 0.14:
            self._full_disk(mode)
        elif dice < 0.24:
            with self._ledger_in_use():
                self._apart(night_apart, self.firm, crash_at=crash_at, mode=mode)
        elif dice < 0.34 and self._night > 1:
            self._collect_beside(crash_at, mode)
        elif dice < 0.44 and self._night > 1:
            self._apart(collect_apart, self.firm, crash_at=crash_at)
        else:
            self._apart(night_apart, self.firm, crash_at=crash_at, mode=mode)

    def _killed_worker(self) -> None:
        """A worker of the pool dies in the middle of its chunk."""
        workers = self.firm.sections["workers"]
        self.firm.sections["workers"] = workers | {"executor": "processes", "processes": 1}
        self.firm.write_settings()
        try:
            ended = night_apart(self.firm, crash_at=CrashPoint.RENDER.value)
        finally:
            self.firm.sections["workers"] = workers
            self.firm.write_settings()
        if any("worker process died" in line for line in ended.told):
            self.figures.crashes["worker"] += 1
        self._note_end(ended, CrashPoint.RENDER.value)

    def _full_disk(self, mode: Mode) -> None:
        """From some write on, the disk of the state folder is full."""
        left = self.random.randint(0, 12)
        real = os.fsync

        def fsync(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        with mock.patch("os.fsync", fsync):
            self._here(lambda: self._night_here(mode))
        if left < 0:
            self.figures.faults["state folder full"] += 1

    @contextmanager
    def _ledger_in_use(self) -> Iterator[None]:
        """Somebody holds the ledger for a moment, or its server cuts every connection."""
        if self._night == 1:
            yield
            return
        holding = threading.Thread(target=self._hold_ledger, args=(self.random.random() * 0.8,))
        holding.start()
        try:
            yield
        finally:
            holding.join()

    def _hold_ledger(self, seconds: float) -> None:
        wait = threading.Event()
        if self._url.startswith("sqlite"):
            self.figures.faults["ledger locked"] += 1
            path = self.firm.root / "state" / "ledger.sqlite"
            connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            try:
                connection.execute("BEGIN IMMEDIATE")
                wait.wait(seconds)
                connection.execute("ROLLBACK")
            finally:
                connection.close()
            return
        engine = create_engine(self._url)
        try:
            if seconds < 0.4:
                self.figures.faults["ledger locked"] += 1
                with engine.begin() as open_:
                    open_.execute(text("LOCK TABLE invoices IN ACCESS EXCLUSIVE MODE"))
                    wait.wait(seconds)
            else:
                self.figures.faults["ledger cut"] += 1
                wait.wait(seconds)
                with engine.connect() as open_:
                    open_.execute(
                        text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    )
        finally:
            engine.dispose()

    def _collect_beside(self, crash_at: str, mode: Mode) -> None:
        """A collect at work while the night is, and the other side judging meanwhile."""
        ended: list[Ended] = []
        beside = threading.Thread(target=lambda: ended.append(collect_apart(self.firm)))
        beside.start()
        own = threading.Thread(
            target=lambda: ended.insert(0, night_apart(self.firm, crash_at=crash_at, mode=mode))
        )
        own.start()
        while own.is_alive():
            own.join(0.2)
            self.judge()
        beside.join()
        for one in ended:
            self._note_end(one, crash_at if one.signal is not None else "")

    def _switch_faults_on(self) -> None:
        if self.random.random() < 0.5:
            return
        for _ in range(self.random.choice((1, 1, 2, 3))):
            kind = self.random.choice(list(FaultKind))
            if kind in UPLOAD_FAULTS:
                percent = self.random.choice((0, 30, 70, 100))
                fault = at_percent(kind, percent, 3000, times=self.random.choice((1, 2)))
            else:
                fault = Fault(kind, times=self.random.choice((1, 1, 2)))
            self.sandbox.faults.switch_on(fault)

    def _count_faults(self) -> None:
        struck = self.sandbox.faults.struck
        self.figures.faults.update(kind.value for kind in struck)
        struck.clear()
