"""A firm before the sandbox's folders, whose ledger can be backed up, put back and lost."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from flows.backup import BackUp, back_up
from flows.collecting import collect_now
from flows.errors import ExitCode
from flows.ledger import InvoiceState
from flows.reconciled import Reconciled
from flows.reconciling import reconcile
from flows.sandbox import Sandbox
from tests.support.firm import SELLER, Firm, csv, row

#: What no comparison of folders looks at: the ledger itself, and who holds a lock.
_LEDGER = re.compile(r"ledger\.sqlite.*|.*\.lock")

YESTERDAY = tuple(f"A{rank}" for rank in range(1, 5))
TONIGHT = tuple(f"B{rank}" for rank in range(1, 8))
#: Of the first night, and the second one sends it: its attachment has come.
WAITED = "W1"
#: Of the second night: it goes on waiting.
WAITS = "W2"
#: Of the second night: not fit to be sent.
WRONG = "Q1"


@dataclass(slots=True)
class Restorable:
    """The firm, the sandbox whose ``in`` and ``out`` it sees, and where its ledger is."""

    firm: Firm
    sandbox: Sandbox
    url: str = ""
    """Of the PostgreSQL ledger; empty: SQLite in the state folder."""

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.firm.root / "state"

    # -- nights --------------------------------------------------------------------------------

    def first_night(self) -> None:
        """Send the invoices of the first day; one waits for its attachment."""
        rows = [*(row(number) for number in YESTERDAY), row(WAITED, attachments="bl.pdf")]
        self.firm.drop("a.csv", csv(rows))
        assert self.firm.code(self.firm.run()) is ExitCode.OK
        self.sandbox.process()
        self.collect()
        self.later()

    def second_extract(self) -> Path:
        """Drop the extract of the second day, and the attachment that was missing."""
        (self.firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
        return self.firm.drop("b.csv", self.second_content())

    @staticmethod
    def second_content() -> str:
        """Return the extract of the second day."""
        rows = [row(number) for number in TONIGHT]
        rows += [row(WRONG, buyer_siret="123"), row(WAITS, attachments="never.pdf")]
        return csv(rows)

    def collect(self) -> ExitCode:
        """Fetch and reconcile what the sandbox answered."""
        return collect_now(self.firm.configuration(), clock=lambda: self.firm.now).exit_code

    def later(self) -> None:
        """Let a day pass."""
        self.firm.now += timedelta(days=1)

    def reconcile(self, *, dry_run: bool = False) -> Reconciled:
        """Reconcile the ledger."""
        return reconcile(
            self.firm.configuration(),
            by="A. Martin",
            reason="disk lost",
            dry_run=dry_run,
            clock=lambda: self.firm.now,
        )

    # -- the ledger ----------------------------------------------------------------------------

    def back_up(self, name: str = "yesterday") -> BackUp:
        """Back the ledger up."""
        return back_up(self.firm.configuration(), self.firm.root / f"{name}.backup")

    def restore(self, name: str = "yesterday") -> None:
        """Put a back-up in the place of the ledger."""
        copy = self.firm.root / f"{name}.backup"
        self.lose()
        if not self.url:
            (self.state / "ledger.sqlite").write_bytes(copy.read_bytes())
            return
        plain = make_url(self.url).set(drivername="postgresql")
        subprocess.run(
            ["pg_restore", "--no-owner", f"--dbname={plain.render_as_string(False)}", str(copy)],
            check=True,
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
        )

    def lose(self) -> None:
        """Lose the ledger: the next command makes a new one."""
        if not self.url:
            for path in self.state.glob("ledger.sqlite*"):
                path.unlink()
            return
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()

    # -- what is where -------------------------------------------------------------------------

    def snapshot(self) -> dict[str, bytes]:
        """Return every file of the firm and of the sandbox, but for the ledger and the locks."""
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for folder in (self.firm.root, self.sandbox.in_folder.parent)
            for path in folder.rglob("*")
            if path.is_file() and not _LEDGER.fullmatch(path.name) and path.suffix != ".backup"
        }

    def arrived(self) -> Counter[str]:
        """Return how often each number has really arrived."""
        assert all(count == 1 for count in self.sandbox.flow_counts().values())
        counts = self.sandbox.invoice_counts()
        assert {seller for seller, _ in counts} <= {SELLER}
        return Counter({number: count for (_, number), count in counts.items()})

    def states(self) -> dict[str, set[str]]:
        """Return the states of each number, those apart that only say it came again."""
        again = {InvoiceState.SKIPPED.value}
        return {number: set(states) - again for number, states in self.firm.states().items()}

    def numbers_given(self) -> list[str]:
        """Return the member ids of everything that has arrived, in the order of arrival."""
        return [
            invoice.member_id for arrival in self.sandbox.received() for invoice in arrival.invoices
        ]
