"""Chorus Pro's controls on one invoice, read from its XML.

Each control is a small function from the view to messages; the table at the end is the order of
the report. Sources: Annexe EDI rules G1.02, G1.05, G1.07, S2.05 (V4.20, as quoted in public
repositories), AIFE pivot schema V2_02 for lengths and code lists, messages seen in production.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from flows.sandbox.invoice_view import SIRET_SCHEMES, InvoiceView, dotted_path
from flows.sandbox.judge_attachments import judge_attachments
from flows.sandbox.messages import Message, refused, required, too_long, wrong
from flows.sandbox.scenario import Checks

TYPES = frozenset({"380", "381"})
CADRES = frozenset(f"A{number}" for number in range(1, 26)) - {"A11"}
CADRES_WITH_VALIDEUR = frozenset({"A9", "A12"})
PAYMENT_MEANS = frozenset(["01", "10", "20", "30", "31", "42", "48", "49", "58", "59", "97"])
TRANSFERS = frozenset({"30", "42", "58"})
NUMBER_LENGTH = 20
SERVICE_LENGTH = 100
ENGAGEMENT_LENGTH = 50
CONTRACT_LENGTH = 50
OTHER_ID_LENGTH = 80  # longest of the other identifier types: a private person

_NUMBER = re.compile(r"[A-Za-z0-9 +_/-]+")
_SIRET = re.compile(r"\d{14}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = {"cii": re.compile(r"\d{8}"), "ubl": re.compile(r"\d{4}-\d\d-\d\d")}
#: At most 19 positions and 6 decimals, "." as mark (Annexe EDI, as quoted by Akuiteo).
_NUMERIC = re.compile(r"-?(?=[\d.]{1,20}$)\d+(\.\d{1,6})?")
_NUMERIC_ELEMENTS = ("Amount", "Quantity", "Percent")

Control = Callable[[InvoiceView, Checks, date], Iterator[Message]]


def issue_date(view: InvoiceView) -> date | None:
    """Return the issue date (BT-2), or None when it is no date."""
    text = view.text("issue_date")
    try:
        return date.fromisoformat(text) if _DATE[view.syntax].fullmatch(text) else None
    except ValueError:
        return None


def judge_invoice(view: InvoiceView, checks: Checks, today: date) -> tuple[Message, ...]:
    """Return every error of an invoice that its XML alone can show, in the order of the report.

    Args:
        view: the invoice.
        checks: controls that are not certain of the real platform.
        today: day of the deposit at the sandbox.
    """
    return tuple(message for control in CONTROLS for message in control(view, checks, today))


def _number(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    path, number = view.path("number"), view.text("number")
    if not number:
        yield required("001", path)
        return
    if len(number) > NUMBER_LENGTH:
        yield too_long("002", path, "identifiant de la facture", NUMBER_LENGTH)
    if not _NUMBER.fullmatch(number):
        yield wrong("003", path, number)


def _type_and_cadre(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    kind, cadre = view.text("type"), view.text("cadre") or "A1"  # AIFE samples leave A1 out
    if kind not in TYPES:
        yield wrong("004", view.path("type"), kind)
    if cadre not in CADRES:
        yield wrong("005", view.path("cadre"), cadre)
    if cadre in CADRES_WITH_VALIDEUR and view.knows("valideur") and not view.text("valideur"):
        yield required("006", view.path("valideur"))


def _issue_date(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    day, path = issue_date(view), view.path("issue_date")
    if day is None or not 2000 <= day.year <= 2099:
        yield wrong("007", path, view.text("issue_date"))
    elif day > today and checks.future_dates == "refuse":
        yield wrong("008", path, day.isoformat())


def _parties(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    for code, term in (("009", "supplier"), ("010", "buyer")):
        value, path = view.text(term), view.path(term)
        if not value:
            yield required(code, path)
        elif term == "buyer" or view.scheme(term) in SIRET_SCHEMES:
            if not _SIRET.fullmatch(value):
                yield wrong(code, path, value)
        elif len(value) > OTHER_ID_LENGTH:
            yield too_long(code, path, "identifiantFournisseur", OTHER_ID_LENGTH)
    if view.text("buyer") and view.scheme("buyer") not in SIRET_SCHEMES:
        path = view.path("buyer")
        yield wrong("011", path, view.scheme("buyer"))


def _references(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    for code, term, value, label, limit in (
        ("012", "service", view.text("service"), "code service", SERVICE_LENGTH),
        ("013", "engagement", view.engagement, "numero d'engagement", ENGAGEMENT_LENGTH),
        ("014", "contract", view.text("contract"), "numero de marche", CONTRACT_LENGTH),
        ("015", "original", view.text("original"), "facture d'origine", NUMBER_LENGTH),
    ):
        if len(value) > limit:
            yield too_long(code, view.path(term), label, limit)


def _payment(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    means, iban = view.text("payment"), view.text("iban")
    if not means:
        yield required("016", view.path("payment"))
    elif means not in PAYMENT_MEANS:
        yield wrong("017", view.path("payment"), means)
    elif means in TRANSFERS and not iban:
        yield required("018", view.path("iban"))
    if iban and not _is_iban(iban):
        yield wrong("019", view.path("iban"), iban)


def _is_iban(text: str) -> bool:
    """Tell whether a text is an IBAN: shape and check digits (ISO 13616, modulo 97)."""
    compact = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact):
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def _currency(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    currency = view.text("currency")
    if currency and not _CURRENCY.fullmatch(currency):  # AIFE samples leave the euro out
        yield wrong("020", view.path("currency"), currency)


def _amounts(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    for element in view.root.iter("{*}*"):
        name = element.tag.rpartition("}")[2]
        if name.endswith(_NUMERIC_ELEMENTS):
            text = (element.text or "").strip()
            if text and not _NUMERIC.fullmatch(text):
                yield wrong("021", dotted_path(element), text)
                return
    for term in ("total", "due"):
        if not view.text(term):
            yield required("022", view.path(term))


def _already_paid(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    if view.text("cadre") != "A2":
        return
    try:
        total, prepaid, due = (Decimal(view.text(t)) for t in ("total", "prepaid", "due"))
    except InvalidOperation:
        yield required("023", view.path("prepaid"))
        return
    if prepaid != total or due != 0:
        text = "Une facture deja payee (A2) doit avoir un montant deja verse egal au total TTC"
        yield refused("001", f"{text} ({view.path('prepaid')})")


def _gross_price(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    # OCA/l10n-france issue 504: a gross price without its allowance is refused.
    for gross in view.elements("gross_price"):
        if gross.find("{*}AppliedTradeAllowanceCharge/{*}ActualAmount") is None:
            path = view.path("gross_price").removeprefix("FichierXml.").removesuffix(".value")
            text = (
                "L'element (AppliedTradeAllowanceCharge.ActualAmount.value) est obligatoire"
                f" si l'element ({path}) est renseigne."
            )
            yield Message("SBX_MSG_03.024", text)
            return


def _attachments(view: InvoiceView, checks: Checks, today: date) -> Iterator[Message]:
    return judge_attachments(view, checks)


#: The controls, in the order of the report.
CONTROLS: tuple[Control, ...] = (
    _number,
    _type_and_cadre,
    _issue_date,
    _parties,
    _references,
    _payment,
    _currency,
    _amounts,
    _already_paid,
    _gross_price,
    _attachments,
)
