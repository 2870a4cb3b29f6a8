"""Nights in a ledger, for the report: a quiet one, and one where nearly everything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from config.settings import Environment, Settings
from flows.landing import ClaimedFile
from flows.ledger import Ledger, StatusRow
from flows.places import balance_of, balance_record
from schemas.explain import explain_platform_message
from tests.support.ledger_nights import PATHS
from transforms.balance import Balance, tally
from transforms.finding import Finding, Location, Severity
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

SELLER = "73282932000074"
FILE = "factures_20260302.csv"
BUYERS = (
    ("11000201100044", "Ministère de l'Intérieur – DEPAFI"),
    ("26330573900017", "CHU de Sainte-Agathe"),
    ("21320013300012", "Commune de Castelnau-d'Auzan"),
    ("22320001300053", "Département du Gers – budget principal"),
    ("20005478100022", "Syndicat mixte des eaux de l'Arros"),
)


@dataclass
class ReportNights:
    """A ledger whose clock stands still until it is moved, and the settings of its reports."""

    root: Path
    environment: Environment = Environment.SANDBOX
    options: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
        self.settings = Settings.model_validate(
            {
                "environment": self.environment,
                "channel": {"kind": "folder", "root": self.root / "remote"},
                "report": {"folder": self.root / "reports", **self.options},
            }
        )
        self.ledger = Ledger.open(
            f"sqlite:///{self.root / 'ledger.sqlite'}",
            environment=self.environment,
            company="Électricité du Sud-Ouest",
            emitter="ABC123",
            clock=self.tick,
        )
        self._position = 0
        self.read: list[InvoiceOutcome] = []

    def tick(self) -> datetime:
        """Return the moment, a little later each time."""
        self.now += timedelta(milliseconds=20)
        return self.now

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    # -- writing -------------------------------------------------------------------------------

    def start(self, run_id: str, day: date = date(2026, 3, 2)) -> str:
        """Start a run."""
        self.read = []
        self.ledger.start_run(
            run_id=run_id, run_date=day, settings_hash="4be1" * 16, version="0.1.0"
        )
        return run_id

    def invoice(self, fate: Fate = Fate.BUNDLED, **changes: object) -> InvoiceOutcome:
        """Return an invoice, each with another buyer and amount."""
        position = self._position
        self._position += 1
        buyer_id, buyer = BUYERS[position % len(BUYERS)]
        number = f"F26-{position:05d}"
        made = InvoiceOutcome(
            position=position,
            span=Span(
                file=FILE,
                file_sha256="9f3c" * 16,
                first_line=2 + 3 * position,
                last_line=4 + 3 * position,
            ),
            fate=fate,
            number=number,
            identity=Identity(self.environment.value, "1", SELLER, number),
            content_hash=f"v1:{number}",
            type_code="381" if position % 17 == 0 else "380",
            issue_date=date(2026, 2, 27),
            currency="EUR",
            total=Decimal(f"{120 + position * 37 % 2900}.{position % 100:02d}"),
            buyer_id=buyer_id,
            buyer_name=buyer,
            service_code="FAC-01",
            engagement=f"EJ{position:08d}",
        )
        changed = replace(made, **changes)
        identity = made.identity
        assert identity is not None
        return replace(changed, identity=replace(identity, number=changed.number or ""))

    def flow(self, run_id: str, count: int, state: str = "deposited") -> str:
        """Record a flow of ``count`` invoices and take it to a state; return its id."""
        outcomes = [self.invoice() for _ in range(count)]
        numbers = self.ledger.reserve_sequences("FSO1106A", count, first=1)
        ids = [f"ABC1231106{number:015d}" for number in numbers]
        members = [
            replace(outcome, flow_id=ids[0], member_id=member)
            for outcome, member in zip(outcomes, ids, strict=True)
        ]
        name = f"FSO1106A_ABC123_{ids[0]}"
        built = BuiltFlow(
            flow_id=ids[0],
            file_name=name,
            interface="FSO1106A",
            path=f"{run_id}/{name}",
            size=1_480 * count,
            sha256=f"{ids[0]:>064}",
            content_sha256=f"{ids[0]:>064}",
            invoices=count,
        )
        self.read += members
        assert self.ledger.commit_chunk(run_id, members, [built]) == ()
        for step in PATHS[state]:
            self.ledger.move_flow(ids[0], step, detail="connection reset" * (step == "in_doubt"))
        return ids[0]

    def left_out(self, run_id: str, *outcomes: InvoiceOutcome) -> None:
        """Record invoices that are in no flow."""
        self.read += outcomes
        assert self.ledger.commit_chunk(run_id, outcomes, []) == ()

    def balance(self, run_id: str, orphans: int = 0) -> Balance:
        """Return the balance of the run: what this desk handed in against the ledger."""
        read = tally((o.currency, o.type_code, o.total) for o in self.read)
        return balance_of(read, self.ledger.tallies(run_id), orphans)

    def finish(
        self, run_id: str, state: str = "done", exit_code: int = 0, orphans: int = 0
    ) -> None:
        """Finish the run as a night does, with its balance."""
        self.ledger.finish_run(
            run_id,
            state=state,
            exit_code=exit_code,
            balance=balance_record(self.balance(run_id, orphans)),
        )

    def returned(self, name: str, *rows: StatusRow) -> int:
        """Record a return file with its statuses."""
        key = self.ledger.record_return(
            name=name, sha256=name, size=900, kept_as=name, kind="CPPStatut"
        )
        self.ledger.add_statuses(key, rows)
        self.ledger.move_return(key, "reconciled")
        return key

    def life(self, run_id: str, rank: int, code: str, label: str, message: str = "") -> StatusRow:
        """Return a life-cycle status of an invoice of a run."""
        sent = [i for i in self.ledger.invoices(run_id=run_id) if i.flow_id]
        return StatusRow(
            kind="invoice",
            code=code,
            label=label,
            at=self.now,
            at_text=self.now.isoformat(),
            flow_id=sent[rank].flow_id,
            invoice_row=sent[rank].invoice_row,
            number=sent[rank].number,
            message=message,
        )


def at(invoice: InvoiceOutcome, column: str) -> Location:
    """Return a place on the first line of an invoice."""
    return Location(invoice.span.file, invoice.span.first_line, column)


def wrong_service(invoice: InvoiceOutcome) -> Finding:
    """Return the finding of a service code that is too long."""
    return Finding(
        "CP-SERVICE-02",
        Severity.FATAL,
        at(invoice, "CODE_SERVICE"),
        "BT-10",
        "SERVICE DES ACHATS ET DE LA COMMANDE PUBLIQUE",
        {"length": "45", "limit": "100"},
    )


def wrong_siret(invoice: InvoiceOutcome, value: str = "1,1000201E+13") -> Finding:
    """Return the finding of a buyer's SIRET that a spreadsheet has spoilt."""
    return Finding("CP-BUYER-02", Severity.FATAL, at(invoice, "SIRET_CLIENT"), "BT-47", value)


def wrong_total(invoice: InvoiceOutcome) -> Finding:
    """Return the finding of a total that the lines do not give."""
    params = {
        "given": "1200.00",
        "computed": "1194.00",
        "difference": "6.00",
        "tolerance": "0.05",
    }
    return Finding(
        "TT-TOTAL-01", Severity.ERROR, at(invoice, "TOTAL_TTC"), "BT-112", "1200.00", params
    )


def closed(invoice: InvoiceOutcome) -> Finding:
    """Return the warning of a difference closed by BT-114."""
    params = {"given": "100.01", "computed": "100.00", "difference": "0.01", "tolerance": "0.05"}
    return Finding(
        "TT-CLOSED-01", Severity.WARNING, at(invoice, "TOTAL_TTC"), "BT-114", "0.01", params
    )


def lively(nights: ReportNights, *, sent: int = 200, per_flow: int = 100) -> str:
    """Fill a night where nearly everything happens, after one with flows still open."""
    earlier = nights.start("20260301-213000", date(2026, 3, 1))
    old = nights.flow(earlier, 12)
    nights.flow(earlier, 3, "in_doubt")
    before = ClaimedFile(Path("f"), "factures_20260301.csv", "77" * 32, 9_000)
    nights.ledger.record_extracts(earlier, [before])
    nights.finish(earlier)
    nights.now += timedelta(hours=24)
    run = nights.start("20260302-213000")
    nights.ledger.record_extracts(run, [ClaimedFile(Path(FILE), FILE, "9f3c" * 16, 2_345_678)])
    collect(nights, earlier, old)
    rest = sent
    while rest > 0:
        nights.flow(run, min(per_flow, rest))
        rest -= per_flow
    nights.flow(run, 40, "in_doubt")
    quarantine(nights, run)
    nights.ledger.add_findings(
        run,
        [
            Finding(
                "XT-FIELDS-01",
                Severity.ERROR,
                Location(FILE, 4711),
                params={"found": "11", "expected": "14"},
            )
        ],
    )
    nights.ledger.finish_extracts(run, {"9f3c" * 16: (6_204, len(nights.read))})
    answer(nights, run)
    nights.now += timedelta(minutes=4)
    nights.finish(run, exit_code=4, orphans=1)
    return run


def collect(nights: ReportNights, run: str, flow: str) -> None:
    """Let Chorus Pro answer about an earlier night."""
    nights.returned(
        "CSO1106A_ABC123_0001",
        StatusRow(kind="flow", code="90", at=nights.now, at_text="", flow_id=flow),
    )
    nights.ledger.move_flow(flow, "integrated")
    nights.returned(
        "FEN1200A_ABC123_0002",
        nights.life(run, 2, "6", "", "Merci de joindre le bon de livraison signé."),
        nights.life(run, 3, "11", ""),
    )


def quarantine(nights: ReportNights, run: str) -> None:
    """Record invoices left out of the flows, for many reasons."""
    held = []
    for _ in range(21):
        invoice = nights.invoice(Fate.QUARANTINED)
        held.append(replace(invoice, findings=(wrong_siret(invoice),)))
    for _ in range(6):
        invoice = nights.invoice(Fate.QUARANTINED)
        held.append(replace(invoice, findings=(wrong_total(invoice), closed(invoice))))
    invoice = nights.invoice(Fate.QUARANTINED, total=None, currency=None)
    held.append(replace(invoice, findings=(wrong_service(invoice), wrong_siret(invoice, "123"))))
    invoice = nights.invoice(Fate.QUARANTINED)
    conflict = Finding(
        "LG-CONFLICT-01",
        Severity.ERROR,
        at(invoice, "NUM_FACTURE"),
        "BT-1",
        invoice.number,
        {"place": "factures_20260228.csv:118", "here": f"{FILE}:{invoice.span.first_line}"},
    )
    held.append(replace(invoice, findings=(conflict,)))
    missing = nights.invoice(Fate.WAITING)
    told = Finding("AT-MISSING-01", Severity.WARNING, at(missing, "PJ"), "BG-24", "bon_4411.pdf")
    held.append(replace(missing, findings=(told,)))
    held += [nights.invoice(Fate.SKIPPED, reason="ABC1231106000000000000001") for _ in range(4)]
    held += [nights.invoice(Fate.EXCLUDED, reason="clients privés") for _ in range(9)]
    nights.left_out(run, *held)


def answer(nights: ReportNights, run: str) -> None:
    """Let Chorus Pro answer about the night itself: some integrated, some rejected, one unclear."""
    flows = nights.ledger.flows(run_id=run, states={"deposited"})
    nights.returned(
        "CSO1106A_ABC123_0003",
        *(
            StatusRow(kind="flow", code=code, at=nights.now, at_text="", flow_id=flow.flow_id)
            for flow, code in zip(flows, ("90", "92"), strict=False)
        ),
    )
    nights.ledger.move_flow(flows[0].flow_id, "integrated")
    reject(nights, flows[1].flow_id, run)
    nights.returned(
        "FEN1200A_ABC123_0004",
        nights.life(run, 5, "5", "", "Prix unitaire non conforme au marché 2024-117."),
        *(nights.life(run, rank, "3", "") for rank in range(20, 60)),
    )
    odd = nights.ledger.record_return(
        name="CSO1106A_ABC123_0005", sha256="odd", size=12, kept_as="odd", kind=""
    )
    place = Location("CSO1106A_ABC123_0005")
    params = {"reason": "not_xml", "detail": "Document is empty"}
    nights.ledger.add_findings(
        None, [Finding("RT-FILE-01", Severity.ERROR, place, params=params)], return_id=odd
    )
    nights.ledger.move_return(odd, "not_understood", reason="not_xml: Document is empty")


def reject(nights: ReportNights, flow_id: str, run: str) -> None:
    """Let a flow be integrated in part, with two rejected invoices and one of unknown fate."""
    members = nights.ledger.members(flow_id)
    words: Sequence[str] = (
        "Le code service executant est inconnu ou inactif",
        "Le numero de facture existe deja pour ce fournisseur : doublon",
    )
    for member, text in zip(members, words, strict=False):
        nights.ledger.add_findings(
            run,
            explain_platform_message(text, {"BT-10": "CODE_SERVICE", "BT-1": "NUM_FACTURE"}),
            invoice_row=member.invoice_row,
            flow_id=flow_id,
        )
    unclear = Finding(
        "RT-OUTCOME-01",
        Severity.ERROR,
        value=flow_id,
        params={"number": members[2].number or "", "flow": flow_id},
    )
    nights.ledger.add_findings(run, [unclear], invoice_row=members[2].invoice_row, flow_id=flow_id)
    nights.ledger.settle_members(
        flow_id,
        {
            members[0].invoice_row: ("rejected", words[0]),
            members[1].invoice_row: ("rejected", words[1]),
            members[2].invoice_row: ("outcome_unknown", "96"),
            **{member.invoice_row: ("integrated", "") for member in members[3:]},
        },
    )
    nights.ledger.move_flow(flow_id, "partial")
