"""Write the sample extracts of the demo: ``python -m flows.demo.generate``.

The files are committed beside this module; a test proves that they come out the same again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from flows.demo.dice import Dice
from flows.demo.draft import Draft, dated, rows
from flows.demo.pdf import pdf
from flows.demo.sales import WORKS_AGENCY, WORKS_IBAN, commune_sale, energy_sale, works_sale
from flows.demo.story import Fate, ScriptedNight, scripted
from flows.demo.wrong import ENERGY, FORMER, LATE, WORKS, WRONGS, Wrong
from flows.ledger import InvoiceState

SEED = 20_260_130
RIGHT_ENERGY, RIGHT_WORKS = 1_440, 580
#: Invoices of the first night that the extract of corrections carries again, unchanged.
AGAIN = 24

ENERGY_FILE = "20260130_energie.csv"
WORKS_FILE = "20260130_travaux.tsv"
CORRECTIONS_FILE = "20260202_travaux_corrections.tsv"
FORMER_FILE = "20260115_ancien_outil.csv"

_PARTY = (
    "buyer_siret",
    "buyer_name",
    "buyer_address_line1",
    "buyer_postcode",
    "buyer_city",
    "buyer_service_code",
    "engagement_number",
    "contract_number",
    "contract_kind",
    "payment_means",
    "iban",
)
_ORIGIN = ("note_1", "preceding_invoice_1_number", "preceding_invoice_1_date")
_TOTALS = ("total_without_vat", "total_vat", "total_with_vat", "amount_due")
_LINE = (
    "line_number",
    "item_seller_id",
    "item_name",
    "quantity",
    "unit",
    "unit_price",
    "vat_code",
    "line_net_amount",
)
_DOCUMENT = ("invoice_number", "invoice_date", "due_date", "document_type", "process_code")
_CHARGE = ("charge_1_amount", "charge_1_vat_code", "charge_1_reason")
_ALLOWANCE = ("allowance_1_amount", "allowance_1_vat_code", "allowance_1_reason")
ENERGY_COLUMNS = (
    *_DOCUMENT,
    *_PARTY,
    "period_start",
    "period_end",
    *_ORIGIN,
    *_CHARGE,
    *_TOTALS,
    *_LINE,
)
WORKS_COLUMNS = (
    *_DOCUMENT,
    "seller_siret",
    *_PARTY,
    "period_start",
    "period_end",
    *_ORIGIN,
    *_CHARGE,
    *_ALLOWANCE,
    "validator_siret",
    "validator_name",
    "delivery_date",
    "attachments",
    "paid_amount",
    *_TOTALS,
    *_LINE,
    "gross_unit_price",
    "unit_price_discount",
)


@dataclass(slots=True)
class Extract:
    """An extract under construction."""

    name: str
    columns: Sequence[str]
    separator: str
    repeat: bool
    drafts: list[Draft] = field(default_factory=list)

    def content(self) -> bytes:
        """Return the file."""
        lines = [self.separator.join(self.columns).encode()]
        for draft in self.drafts:
            lines += rows(draft, self.columns, self.separator, repeat=self.repeat)
        return b"\n".join(lines) + b"\n"

    def control(self) -> bytes:
        """Return its side file: what the reader must find."""
        count = sum(len(draft.lines) for draft in self.drafts)
        return f"invoices={len(self.drafts)}\nrows={count}\n".encode()


class Generator:
    """Makes every file of the demo, always the same ones."""

    def __init__(self) -> None:
        self._dice = Dice(SEED)
        self._serial = Counter({ENERGY: 103_999, WORKS: 400})
        self._energy = Extract(ENERGY_FILE, ENERGY_COLUMNS, ";", repeat=True)
        self._works = Extract(WORKS_FILE, WORKS_COLUMNS, "\t", repeat=False)
        self._fates: list[Fate] = []
        self._mended: list[Draft] = []

    def files(self) -> dict[str, bytes]:
        """Return the content of each file by its path below ``data``."""
        self._fill(self._energy, ENERGY, RIGHT_ENERGY, energy_sale)
        self._fill(self._works, WORKS, RIGHT_WORKS, works_sale)
        again = [draft.copy() for draft in self._works.drafts[:AGAIN]]
        self._attach()
        self._twins()
        corrections = Extract(CORRECTIONS_FILE, WORKS_COLUMNS, "\t", repeat=False)
        corrections.drafts = [*again, *self._mended]
        former = Extract(FORMER_FILE, ENERGY_COLUMNS, ";", repeat=True)
        former.drafts = [self._former(number) for number in FORMER]
        files = _pieces(self._works.drafts)
        files["story.yaml"] = _story(self._first(), self._second(again))
        for folder, extracts in (
            ("night1", (self._energy, self._works)),
            ("night2", (corrections,)),
            ("former", (former,)),
        ):
            for extract in extracts:
                files[f"{folder}/{extract.name}"] = extract.content()
                files[f"{folder}/{extract.name}.ctl"] = extract.control()
        return files

    # -- invoices --------------------------------------------------------------------------------

    def _fill(
        self, extract: Extract, kind: str, right: int, sale: Callable[[str, Dice], Draft]
    ) -> None:
        """Fill an extract: ``right`` invoices, with the wrong ones spread among them."""
        wrongs = [(w, count) for w in WRONGS if w.extract == kind for count in _counts(w)]
        gap = (right - AGAIN) // len(wrongs)
        for rank in range(right):
            extract.drafts.append(sale(self._next(kind), self._dice))
            # The first ones are all right: the corrections carry them again.
            if rank >= AGAIN and (rank - AGAIN) % gap == 0 and wrongs:
                extract.drafts.append(self._spoiled(*wrongs.pop(0), extract.name))

    def _next(self, kind: str) -> str:
        self._serial[kind] += 1
        serial = self._serial[kind]
        return f"0026{serial:06d}" if kind == ENERGY else f"TVX26-{serial:05d}"

    def _attach(self) -> None:
        """Give some works invoices one or two documents that exist."""
        wrong = {fate.number for fate in self._fates}
        for rank, draft in enumerate(self._works.drafts[AGAIN:]):
            if rank % 14 != 5 or draft.number in wrong:
                continue
            names = [f"bons/BI-{draft.number}.pdf"]
            if rank % 5 == 0:
                names.append("PV-de-reception-des-travaux-avec-reserves-levees-2026.pdf")
            draft.header["attachments"] = "|".join(names)

    def _spoiled(self, wrong: Wrong, count: int, file: str) -> Draft:
        right = commune_sale(self._next(wrong.extract), self._dice)
        if wrong.extract == WORKS:
            right.header |= {"seller_siret": WORKS_AGENCY, "iban": WORKS_IBAN}
        draft = right.copy()
        wrong.spoil(draft, count)
        self._fates.append(Fate(file, draft.number, wrong.state, wrong.rule))
        if wrong.corrected:
            self._mended.append(right)
        return draft

    def _twins(self) -> None:
        """Add the numbers that come twice: in one file, and in both with another amount or not."""
        wrong = {fate.number for fate in self._fates}
        plain = [draft for draft in self._energy.drafts[30:] if draft.number not in wrong]
        back, other, same, copied = plain[0], plain[90], plain[180], plain[270]
        self._energy.drafts.append(back)
        quarantined, skipped = InvoiceState.QUARANTINED, InvoiceState.SKIPPED
        self._fates += [Fate(ENERGY_FILE, back.number, quarantined, "XT-KEY-01")] * 2
        changed = other.copy()
        changed.line("000190", "Complément", "1", "U", "12", "N20")
        changed.settle()
        self._works.drafts += [changed, same.copy(), copied.copy()]
        self._fates.append(Fate(WORKS_FILE, other.number, quarantined, "LG-SAME-NIGHT-01"))
        self._fates += [Fate(WORKS_FILE, twin.number, skipped) for twin in (same, copied)]

    def _former(self, number: str) -> Draft:
        draft = commune_sale(number, self._dice)
        dated(draft.header, date(2026, 1, 15))
        return draft

    # -- the story -------------------------------------------------------------------------------

    def _first(self) -> ScriptedNight:
        return scripted(len(self._energy.drafts) + len(self._works.drafts), self._fates)

    def _second(self, again: Sequence[Draft]) -> ScriptedNight:
        waiting = [fate for fate in self._fates if fate.state is InvoiceState.WAITING]
        still = [fate for rank, fate in enumerate(waiting) if rank >= len(LATE)]
        skipped = [Fate(CORRECTIONS_FILE, d.number, InvoiceState.SKIPPED) for d in again]
        read = len(again) + len(self._mended) + len(waiting)
        return scripted(read, [*skipped, *still])


def _counts(wrong: Wrong) -> range:
    return range(1, wrong.count + 1)


def _pieces(drafts: Iterable[Draft]) -> dict[str, bytes]:
    """Return the attachments: those named by right invoices, and the wrong ones that exist."""
    files = {
        "attachments/Plan-R1.dwg": b"AC1027 not a drawing, and not a format Chorus Pro takes\n",
        "attachments/Bon-scan-vide.pdf": b"",
    }
    for draft in drafts:
        for name in filter(None, draft.header.get("attachments", "").split("|")):
            if name.startswith(("bons/", "PV-de-")):
                title = "Bon d'intervention signé" if name.startswith("bons/") else "Procès-verbal"
                about = "" if title == "Procès-verbal" else f"Facture {draft.number}"
                files[f"attachments/{name}"] = pdf((title, about, "Méridionale d'Énergie"))
    for name in LATE:
        files[f"attachments-late/{name}"] = pdf(("Procès-verbal de réception", name))
    return files


def _story(*nights: ScriptedNight) -> bytes:
    told = [
        {
            "read": night.read,
            "states": dict(night.states),
            "reasons": dict(night.reasons),
            "invoices": [fate.as_dict() for fate in night.fates],
        }
        for night in nights
    ]
    head = "# What must become of the sample extracts; written by flows.demo.generate.\n"
    body = yaml.safe_dump({"nights": told}, sort_keys=False, allow_unicode=True, width=100)
    return (head + body).encode()


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files below ``folder``."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    write(Path(__file__).parent / "data", Generator().files())
