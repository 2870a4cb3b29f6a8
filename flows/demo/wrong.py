"""The invoices of the demo that are wrong: how each came to be so, and what must become of it.

Some are caught before the deposit and quarantined, some wait for an attachment, some pass every
check of ours and are refused by the sandbox, whose directory nobody else has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from flows.demo.buyers import AGGLOMERATION, HOSPITAL, REGION, ROADS, STATE, by_siret
from flows.demo.draft import Cells, Draft, Harm
from flows.ledger import InvoiceState

ENERGY, WORKS = "energy", "works"

#: Number that the scenario of the sandbox refuses without a reason (``data/scenario.yaml``).
UNEXPLAINED = "0026199001"
#: Numbers that the firm's former tool had already deposited.
FORMER = ("0026000417", "0026000418")
#: Attachments that do not exist on the first night; those that come are in ``attachments-late``.
LATE = ("PV-reception-lot-03.pdf", "PV-reception-lot-05.pdf")
NEVER = "Attestation-fiscale-2025.pdf"
#: Made when the demo is prepared: too large to ship.
TOO_LARGE = "Dossier-des-ouvrages-executes.pdf"

Spoil = Callable[[Draft, int], None]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A way of being wrong.

    Attributes:
        what: in a few words, for the documentation.
        rule: rule of the finding that must tell it.
        state: where the invoice must end on the first night.
        spoil: makes a right invoice wrong; its second argument counts the invoices of this kind.
        extract: whose extract it is in.
        count: how many there are.
        corrected: whether the second night brings it again, right.
    """

    what: str
    rule: str
    state: InvoiceState
    spoil: Spoil
    extract: str = ENERGY
    count: int = 1
    corrected: bool = False


def _put(**cells: str) -> Spoil:
    """Return what overwrites cells of the header."""

    def spoil(draft: Draft, _: int) -> None:
        draft.header |= cells

    return spoil


def _line(**cells: str) -> Spoil:
    """Return what overwrites cells of the first line."""

    def spoil(draft: Draft, _: int) -> None:
        draft.lines[0] |= cells

    return spoil


def _harm(harm: Harm) -> Spoil:
    """Return what damages the rows in the file."""

    def spoil(draft: Draft, _: int) -> None:
        draft.harm = harm

    return spoil


def _second_row(change: Callable[[bytes], bytes]) -> Spoil:
    """Return what damages the second row; the number of the invoice stays readable."""

    def spoil(draft: Draft, _: int) -> None:
        if len(draft.lines) == 1:
            draft.line("000101", "Complément d'abonnement", "1", "MOIS", "3.5", "N20")
            draft.settle()
        draft.harm = lambda rows: [rows[0], change(rows[1]), *rows[2:]]

    return spoil


def _unquoted(label: str) -> Spoil:
    """Return what gives the second row a label that needs quotes, written without them."""

    def spoil(draft: Draft, count: int) -> None:
        quoted = '"' + label.replace('"', '""') + '"'
        _second_row(lambda row: row.replace(quoted.encode(), label.encode()))(draft, count)
        draft.lines[1]["item_name"] = label

    return spoil


def _number(text: str) -> Spoil:
    def spoil(draft: Draft, count: int) -> None:
        draft.header["invoice_number"] = text.format(count=count)

    return spoil


def _total(draft: Draft, count: int) -> None:
    """The total is off by a multiple of nine: two figures swapped by a hand."""
    wrong = Decimal(draft.header["total_with_vat"]) + 9 * count
    draft.header |= {"total_with_vat": str(wrong), "amount_due": str(wrong)}


def _negative(draft: Draft, _: int) -> None:
    """A credit note with the amounts of an ERP that signs them."""
    draft.header |= {
        "document_type": "381",
        "preceding_invoice_1_number": "0025099001",
        "preceding_invoice_1_date": "2025-12-30",
    }
    for line in draft.lines:
        line["quantity"] = f"-{line['quantity']}"
        line["line_net_amount"] = f"-{line['line_net_amount']}"
    draft.settle()


def _half_paid(draft: Draft, _: int) -> None:
    draft.header |= {"process_code": "A2", "payment_means": "48", "iban": ""}
    draft.header |= {"paid_amount": "10.00", "amount_due": ""}


def _other_buyer(rows: list[bytes]) -> list[bytes]:
    """The header changes from one row of the invoice to the next."""
    return [rows[0], *(row.replace(b"21999900000017", b"23999900600012") for row in rows[1:])]


def _header_changes(draft: Draft, count: int) -> None:
    _second_row(lambda row: row)(draft, count)
    draft.harm = _other_buyer


def _to(siret: str, **cells: str) -> Spoil:
    """Return what addresses the invoice to another structure."""
    known = by_siret(siret)
    address: Cells = {
        "buyer_siret": siret,
        "buyer_name": known.name,
        "buyer_address_line1": known.street,
        "buyer_postcode": known.postcode,
        "buyer_city": known.city,
    }
    return _put(**{**address, **cells})


def _former(draft: Draft, count: int) -> None:
    draft.header["invoice_number"] = FORMER[count - 1]


def _late(draft: Draft, count: int) -> None:
    draft.header["attachments"] = (*LATE, NEVER)[count - 1]


_Q = InvoiceState.QUARANTINED
_W = InvoiceState.WAITING
_R = InvoiceState.REJECTED
_D = InvoiceState.DUPLICATE

WRONGS: tuple[Wrong, ...] = (
    # Caught while reading the file
    Wrong("row cut short", "XT-FIELDS-01", _Q, _second_row(lambda row: row[:150]), count=2),
    Wrong("separator in a label", "XT-FIELDS-02", _Q, _unquoted("Heures creuses ; 22 h à 6 h")),
    Wrong("inch mark in a label", "XT-QUOTE-02", _Q, _unquoted('Vanne de compteur 1"1/2')),
    Wrong(
        "cp1252 byte in a UTF-8 file",
        "XT-BYTE-01",
        _Q,
        _harm(lambda rows: [row.replace("é".encode(), b"\xe9", 1) for row in rows]),
    ),
    # Caught while mapping
    Wrong(
        "SIRET in scientific notation",
        "MP-SCIENTIFIC-01",
        _Q,
        _put(buyer_siret="2.19999E+13"),
        count=3,
    ),
    Wrong("SIRET that lost a zero", "MP-SIRET-01", _Q, _put(buyer_siret="5999900400013")),
    Wrong("letter O in a price", "MP-NUMBER-01", _Q, _line(unit_price="48.1O"), count=2),
    Wrong("day that does not exist", "MP-DATE-01", _Q, _put(invoice_date="2026-02-30")),
    Wrong("VAT code nobody declared", "MP-VAT-02", _Q, _line(vat_code="N196"), count=2),
    Wrong("buyer changes between two rows", "MP-HEADER-01", _Q, _header_changes),
    # Caught by the totals
    Wrong("total that does not add up", "TT-TOTAL-01", _Q, _total, WORKS, count=3, corrected=True),
    # Caught by Chorus Pro's rules
    Wrong("number too long", "CP-NUMBER-01", _Q, _number("MES-2026-ENERGIE-{count:06d}"), count=2),
    Wrong("number with a sign refused", "CP-NUMBER-02", _Q, _number("0026#{count:05d}"), count=2),
    Wrong("date in the future", "CP-DATE-01", _Q, _put(invoice_date="2099-01-30", due_date="")),
    Wrong("cadre of the 2026 reform", "CP-PROCESS-02", _Q, _put(process_code="B1"), count=2),
    Wrong("cadre of works accounts", "CP-PROCESS-03", _Q, _put(process_code="A4"), WORKS),
    Wrong("cadre that does not exist", "CP-PROCESS-01", _Q, _put(process_code="Z9")),
    Wrong("subcontractor without valideur", "CP-VALIDATOR-01", _Q, _put(process_code="A9"), WORKS),
    Wrong("already paid, but not in full", "CP-A2-01", _Q, _half_paid, WORKS),
    Wrong("credit note with negative amounts", "CP-CREDIT-01", _Q, _negative, count=2),
    Wrong("transfer without IBAN", "CP-IBAN-01", _Q, _put(iban=""), WORKS, 2, corrected=True),
    Wrong(
        "IBAN with two figures swapped",
        "CP-IBAN-02",
        _Q,
        _put(iban="FR7699915000010001234567861"),
        WORKS,
    ),
    Wrong("payment means refused", "CP-PAYMENT-02", _Q, _put(payment_means="70")),
    Wrong(
        "service code with a slash",
        "CP-SERVICE-02",
        _Q,
        _to(ROADS, buyer_service_code="DGA/ROUTES"),
        count=2,
    ),
    Wrong("technical service", "CP-SERVICE-03", _Q, _put(buyer_service_code="FACTURES_PUBLIQUES")),
    # Caught by their attachments
    Wrong("drawing of a format refused", "AT-EXT-02", _Q, _put(attachments="Plan-R1.dwg"), WORKS),
    Wrong("empty attachment", "AT-EMPTY-01", _Q, _put(attachments="Bon-scan-vide.pdf"), WORKS),
    Wrong("attachment of 10 Mo", "AT-SIZE-01", _Q, _put(attachments=TOO_LARGE), WORKS),
    Wrong(
        "attachment outside the folder",
        "AT-OUTSIDE-01",
        _Q,
        _put(attachments="../paie/bulletin.pdf"),
        WORKS,
    ),
    Wrong("attachment that is not there yet", "AT-MISSING-01", _W, _late, WORKS, count=3),
    # Refused by the sandbox
    Wrong(
        "service code unknown to the buyer",
        "RT-SERVICE-02",
        _R,
        _to(ROADS, buyer_service_code="DGA-VOIRIE"),
        WORKS,
        count=3,
        corrected=True,
    ),
    Wrong(
        "service closed", "RT-SERVICE-02", _R, _to(HOSPITAL, buyer_service_code="ARCHIVES"), count=2
    ),
    Wrong("engagement missing", "RT-ENGAGEMENT-01", _R, _to(AGGLOMERATION), count=3),
    Wrong(
        "engagement missing for this service",
        "RT-ENGAGEMENT-01",
        _R,
        _to(HOSPITAL, buyer_service_code="PHARMACIE"),
        count=2,
    ),
    Wrong("service missing", "RT-SERVICE-01", _R, _to(REGION), count=2),
    Wrong("service and engagement missing", "RT-SERVICE-01", _R, _to(STATE)),
    Wrong("neither service nor engagement", "RT-EITHER-01", _R, _to(ROADS), count=3),
    Wrong("buyer merged into another", "RT-RECIPIENT-01", _R, _put(buyer_siret="21999901800019")),
    Wrong("buyer of works only", "RT-RECIPIENT-01", _R, _put(buyer_siret="27999900700016"), WORKS),
    Wrong(
        "SIRET with a wrong check digit",
        "RT-RECIPIENT-01",
        _R,
        _put(buyer_siret="21999900000071"),
        count=2,
    ),
    Wrong("deposited before by another tool", "RT-DUPLICATE-04", _D, _former, count=2),
    Wrong("refused without a reason", "RT-UNKNOWN-01", _R, _number(UNEXPLAINED)),
)
