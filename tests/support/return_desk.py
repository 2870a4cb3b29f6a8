"""A ledger with deposited flows, an ``out`` folder, and a clock: all that a collect needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from config.settings import Settings
from flows.channels import Channel, open_channel
from flows.collect import collect
from flows.collect_result import CollectResult
from flows.ledger import Ledger
from flows.outbox import write_flow
from flows.places import balance_of, balance_record
from tests.support.return_files import SELLER
from transforms.balance import tally
from transforms.bundle import BundleDigest, Member
from transforms.naming import member_name
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

APPLICATION = "ABC123"
MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)


def flow_id(sequence: int) -> str:
    """Return the id of a flow or member."""
    return f"{APPLICATION}1106{sequence:015d}"


class Desk:
    """The desk where return files arrive."""

    def __init__(self, root: Path, settings: Mapping[str, object] | None = None) -> None:
        self.now = MORNING
        for folder in ("in", "out", "done"):
            (root / "remote" / folder).mkdir(parents=True)
        self.out = root / "remote" / "out"
        self.done = root / "remote" / "done"
        self.outbox = root / "state" / "outbox"
        self.settings = Settings.model_validate(
            {
                "state_folder": root / "state",
                "channel": {"kind": "folder", "root": root / "remote"},
                **(settings or {}),
            }
        )
        self.channel: Channel = open_channel(self.settings.channel)
        self.ledger = Ledger.open(
            f"sqlite:///{root / 'ledger.sqlite'}",
            environment=self.settings.environment,
            company="default",
            emitter=APPLICATION,
            clock=lambda: self.now,
        )
        self._sequence = 100
        self._line = 1

    def deposit(
        self,
        *numbers: str,
        states: Sequence[str] = ("uploading", "renaming", "deposited"),
        seller: str = SELLER,
        xml: Sequence[bytes] = (),
        content: str = "",
        preceding: tuple[str, ...] = (),
        type_code: str = "380",
        with_year: str = "",
    ) -> str:
        """Record a flow with these invoices, and move it through ``states``; return its id.

        Args:
            numbers: of the invoices.
            states: of the flow, one after the other.
            seller: SIRET or SIREN.
            xml: of each invoice; the flow file is then written to the outbox.
            content: what the content hash says; none: the number.
            preceding: invoices that these name as preceding ones.
            type_code: 380 or 381.
            with_year: year of the identity, where it has one.
        """
        run_id = f"R{self._sequence}"
        self.ledger.start_run(
            run_id=run_id, run_date=date(2026, 3, 1), settings_hash="s", version="0"
        )
        first = self._sequence + 1
        outcomes = []
        for rank, number in enumerate(numbers):
            outcome = self._outcome(number, rank, flow_id(first), flow_id(first + rank), seller)
            identity = outcome.identity and replace(outcome.identity, year=with_year)
            outcomes.append(
                replace(
                    outcome,
                    identity=identity,
                    content_hash=f"v1:{content or number}",
                    preceding=preceding,
                    type_code=type_code,
                )
            )
        name = f"FSO1106A_{APPLICATION}_{flow_id(first)}"
        path = f"{run_id}/{name}"
        digest = BundleDigest(10, f"{first:064d}", f"{first:064d}", 10, len(numbers))
        if xml:
            digest = self._write(path, first, xml)
        built = BuiltFlow(
            flow_id=flow_id(first),
            file_name=name,
            interface="FSO1106A",
            path=path,
            size=digest.size,
            sha256=digest.sha256,
            content_sha256=digest.content_sha256,
            invoices=len(numbers),
        )
        conflicts = self.ledger.commit_chunk(run_id, outcomes, [built])
        assert conflicts == ()
        for state in states:
            self.ledger.move_flow(flow_id(first), state, temporary_name="t")
        read = tally((o.currency, o.type_code, o.total) for o in outcomes)
        balance = balance_record(balance_of(read, self.ledger.tallies(run_id), 0))
        self.ledger.finish_run(run_id, state="done", exit_code=0, balance=balance)
        self._sequence += len(numbers)
        return flow_id(first)

    def _write(self, path: str, first: int, xml: Sequence[bytes]) -> BundleDigest:
        members = [
            Member(member_name(APPLICATION, "FSO1106A", first + rank), content)
            for rank, content in enumerate(xml)
        ]
        return write_flow(self.outbox / path, members, gzip_level=1, stylesheet=None)

    def _outcome(
        self, number: str, rank: int, flow: str, member: str, seller: str
    ) -> InvoiceOutcome:
        self._line += 2
        return InvoiceOutcome(
            position=rank,
            span=Span(
                file="erp.csv",
                file_sha256="a" * 64,
                first_line=self._line,
                last_line=self._line + 1,
            ),
            fate=Fate.BUNDLED,
            number=number,
            identity=Identity(
                self.settings.environment, "1" if len(seller) == 14 else "siren", seller, number
            ),
            content_hash=f"v1:{number}",
            type_code="380",
            issue_date=date(2026, 2, 27),
            currency="EUR",
            total=Decimal("120.00"),
            flow_id=flow,
            member_id=member,
        )

    def resend(
        self, flow: str, *, states: Sequence[str] = ("uploading", "renaming", "deposited")
    ) -> str:
        """Send a flow again, as ``flow resolve --resend`` does; return the new flow's id."""
        old = self.ledger.members(flow)
        first = self._sequence + 1
        record = self.ledger.flow(flow)
        assert record is not None
        name = f"FSO1106A_{APPLICATION}_{flow_id(first)}"
        built = BuiltFlow(
            flow_id=flow_id(first),
            file_name=name,
            interface="FSO1106A",
            path=f"{record.run_id}/{name}",
            size=10,
            sha256=f"{first:064d}",
            content_sha256=f"{first:064d}",
            invoices=len(old),
        )
        members = {m.invoice_row: flow_id(first + rank) for rank, m in enumerate(old)}
        self.ledger.replace_flow(
            flow, built, run_id=record.run_id, members=members, actor="A. Martin", reason="lost"
        )
        for state in states:
            self.ledger.move_flow(built.flow_id, state, temporary_name="t")
        self._sequence += len(old)
        return built.flow_id

    def drop(self, name: str, content: bytes) -> Path:
        """Put a file in ``out``."""
        path = self.out / name
        path.write_bytes(content)
        return path

    def collect(self, *, columns: Mapping[str, str] | None = None) -> CollectResult:
        """Collect now."""
        return collect(
            self.ledger, self.channel, self.settings, clock=lambda: self.now, columns=columns
        )

    def later(self, **ago: float) -> None:
        """Let time pass."""
        self.now += timedelta(**ago)

    def states(self) -> dict[str, str]:
        """Return the state of each invoice, by number (the last one sent under it)."""
        return {i.number or "": i.state.value for i in self.ledger.invoices()}

    def flow_state(self, identifier: str) -> str:
        """Return the state of a flow."""
        flow = self.ledger.flow(identifier)
        assert flow is not None
        return flow.state.value

    def held(self, number: str) -> bool:
        """Whether the number cannot be sent again."""
        return bool(self.ledger.known([number]))

    def close(self) -> None:
        """Close what is open."""
        self.channel.close()
        self.ledger.close()
