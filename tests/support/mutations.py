"""The mutation check: each business term of a valid invoice broken in turn, and what catches it.

A mutation changes one thing. It is judged by the layers of the night: totals, attachments, rules,
what can be written, then the XML against its schema. What the model cannot hold (a date that is
none) is broken in the XML: ``tests.support.xml_mutations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from config.codes import load_limits
from config.settings import Settings
from config.target import SyntaxName
from config.terms import DECIMAL_KINDS, Term, registry
from schemas.registry import RuleContext
from schemas.rules import check
from schemas.xsd import XsdGate
from tests.support.full_invoices import RUN_DATE, credited, exempt
from tests.support.ruled_invoice import changed, context
from tests.support.sample_invoices import attachments_of
from transforms.attachments import prepare
from transforms.cii import render_cii
from transforms.finding import Finding
from transforms.invoice import Invoice
from transforms.totals import complete
from transforms.ubl import render_ubl
from transforms.writable import check_writable
from transforms.xml_text import UnwritableError

D = Decimal
TARGETS = ("chorus_direct", "en16931")
SYNTAXES: tuple[SyntaxName, ...] = ("cii", "ubl")

#: Terms that the second invoice holds: BT-7 excludes BT-8, an exemption VAT, a line kind amounts.
IN_EXEMPT = frozenset({"BT-7", "BT-120", "BT-121", "CP-TYPE-LIGNE", "CP-SOUS-TYPE-LIGNE"})

_LONG = 1025  # longer than any limit that is known
_SUM = {"amount": D(1), "quantity": D(1), "price": D(1), "rate": D(1)}
_FINE = {
    "amount": D("0.001"),
    "quantity": D("0.00001"),
    "price": D("0.0000001"),
    "rate": D("0.0000001"),
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One thing broken: the term, in what way, and the invoice that results."""

    term: str
    way: str
    invoice: Invoice

    @property
    def key(self) -> tuple[str, str]:
        """Return what names the mutation in the table."""
        return self.term, self.way


@dataclass(frozen=True, slots=True)
class Catch:
    """A rule that speaks, and the layer it belongs to."""

    layer: str
    rule: str
    blocks: bool


Verdict = tuple[Catch, ...]


def mutations() -> Iterator[Mutation]:
    """Yield every mutation of the model, in the order of the registry of terms."""
    for term in registry().terms.values():
        if term.path is None:
            continue
        base = exempt() if term.id in IN_EXEMPT else credited()
        path = _path(term, base)
        value = _value(base, path)
        assert value is not None, f"{term.id}: the full invoices do not hold it"
        for way, change in _changes(term, path, value):
            yield Mutation(term.id, way, changed(change, base))
    yield from _more()


def _changes(term: Term, path: str, value: Any) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield "removed", _removal(path)
    if term.kind in DECIMAL_KINDS:
        yield "changed by 1", {path: value + _SUM[term.kind]}
        yield "too many decimals", {path: value + _FINE[term.kind]}
    elif term.kind == "date":
        yield "in 1926", {path: value.replace(year=1926)}
    else:
        if term.kind == "code":
            yield "unknown code", {path: "QQ"}
        else:
            limit = load_limits().get(term.id)
            longest = limit.largest if limit else _LONG - 1
            yield "too long", {path: (value + "x" * (longest + 1))[: longest + 1]}


def _more() -> Iterator[Mutation]:
    """Yield what is not one term of the registry: groups, files, dates that contradict."""
    base = credited()
    changes: list[tuple[str, str, Mapping[str, object]]] = [
        ("BG-4", "removed", {"seller": type(base.seller)()}),
        ("BG-5", "removed", {"seller.address": None}),
        ("BG-7", "removed", {"buyer": type(base.buyer)()}),
        ("BG-8", "removed", {"buyer.address": None}),
        ("BG-12", "removed", {"tax_representative.address": None}),
        ("BG-16", "removed", {"payment": None}),
        ("BG-22", "removed", {"totals": type(base.totals)()}),
        ("BG-23", "removed", {"vat": ()}),
        ("BG-23", "one group left out", {"vat": base.vat[1:]}),
        ("BG-25", "removed", {"lines": ()}),
        ("BG-25", "one line left out", {"lines": base.lines[1:]}),
        ("BG-30", "removed", {"lines.0.vat_category": None, "lines.0.vat_rate": None}),
        ("BG-31", "removed", {"lines.0.item": type(base.lines[0].item)()}),
        ("BG-3", "given twice", {"preceding": base.preceding * 2}),
        ("BT-1", "blank", {"number": "   "}),
        ("BT-10", "blank", {"buyer_reference": "   "}),
        ("BT-27", "blank", {"seller.name": "   "}),
        ("BT-44", "blank", {"buyer.name": "   "}),
        ("BT-153", "blank", {"lines.0.item.name": "   "}),
        ("BT-1", "character refused", {"number": "FA.2026"}),
        ("BT-1", "control character", {"number": "FA\x0b2026"}),
        ("BT-2", "in the future", {"issue_date": RUN_DATE + timedelta(days=1)}),
        ("BT-9", "before the issue date", {"due_date": date(2026, 9, 1)}),
        ("BT-74", "before BT-73", {"period.end": date(2026, 8, 1)}),
        ("BT-135", "before BT-134", {"lines.0.period.end": date(2026, 8, 1)}),
        ("BT-3", "invoice instead of credit note", {"type_code": "380"}),
        ("BT-3", "type of the reform", {"type_code": "386"}),
        ("BT-23", "code of the reform", {"process": "B1"}),
        ("BT-23", "works", {"process": "A4"}),
        ("BT-23", "already paid (A2), but due", {"process": "A2"}),
        ("BT-7", "beside BT-8", {"tax_point_date": date(2026, 10, 1)}),
        ("BT-30", "one digit wrong", {"seller.legal_id.value": "73282932000075"}),
        ("BT-30", "a SIREN", {"seller.legal_id.value": "732829320"}),
        ("BT-47", "one digit wrong", {"buyer.legal_id.value": "21380185500016"}),
        ("BT-47", "a SIREN", {"buyer.legal_id.value": "213801855"}),
        ("BT-31", "one digit wrong", {"seller.vat_id": "FR44732829321"}),
        ("BT-31", "without country", {"seller.vat_id": "44732829320"}),
        ("BT-48", "without country", {"buyer.vat_id": "12213801855"}),
        ("BT-63", "without country", {"tax_representative.vat_id": "83404833048"}),
        ("BT-61", "a SIREN", {"payee.legal_id.value": "380129866"}),
        ("CP-VALIDEUR", "one digit wrong", {"validator.legal_id.value": "55208131766523"}),
        (
            "BT-84",
            "one digit wrong",
            {"payment.transfers.0.account": "FR1420041010050500013M02607"},
        ),
        ("BT-86", "one letter lost", {"payment.transfers.0.bank": "PSSTFRPPGR"}),
        ("BT-112", "negated", {"totals.with_vat": D("-283.75")}),
        ("BT-129", "negated", {"lines.0.quantity": D("-40")}),
        ("BT-146", "negated", {"lines.0.price.net": D("-4.75")}),
        ("BT-148", "without BT-147", {"lines.0.price.discount": None}),
        ("BT-151", "exempt at 20 %", {"lines.0.vat_category": "E"}),
        ("BT-118", "exempt at 20 %", {"vat.0.category": "E"}),
        ("BT-122", "two documents of one reference", {"documents.1.reference": "BL-881"}),
        ("BT-125", "empty file", {"documents.0.content": b""}),
        ("BT-125", "10 MB", {"documents.0.content": b"\0" * 10_000_000}),
        ("BT-125-1", "unknown code", {"documents.0.mime": "QQ"}),
        ("BT-125-2", "without extension", {"documents.0.filename": "bl-881"}),
        ("BT-125-2", "extension refused", {"documents.0.filename": "bl-881.exe"}),
        ("BT-125-2", "too long", {"documents.0.filename": "b" * 60 + ".pdf"}),
    ]
    for term, way, change in changes:
        yield Mutation(term, way, changed(change, base))


def judge(invoice: Invoice, target: str, syntax: SyntaxName) -> Verdict:
    """Return who catches what is wrong with ``invoice``, each rule once."""
    asked = rule_context(target, syntax)
    caught = [("totals", one) for one in complete(invoice, Settings().totals)[1]]
    invoice, found = prepare(invoice)
    caught += [("attachments", one) for one in found]
    caught += [("rules", one) for one in check(invoice, asked)]
    caught += [("writable", one) for one in check_writable(invoice, syntax)]
    render: Callable[..., bytes] = render_cii if syntax == "cii" else render_ubl
    encoding = asked.target.options.attachment_encoding
    try:
        xml = render(invoice, asked.target, attachments=attachments_of(invoice, encoding))
    except UnwritableError:
        return (*_catches(caught), Catch("writable", "refused by the writer", True))
    caught += [("xsd", one) for one in gate(syntax).check(xml, invoice)[1]]
    return _catches(caught)


@cache
def rule_context(target: str, syntax: SyntaxName) -> RuleContext:
    """Return the context of the rules on the day of the check."""
    return replace(context(target=target, syntax=syntax), run_date=RUN_DATE)


@cache
def gate(syntax: SyntaxName) -> XsdGate:
    """Return the XSD gate of ``syntax``."""
    return XsdGate(syntax)


def _catches(caught: list[tuple[str, Finding]]) -> Verdict:
    return tuple(
        dict.fromkeys(Catch(layer, finding.rule, finding.blocks) for layer, finding in caught)
    )


def _path(term: Term, base: Invoice) -> str:
    """Return the path of ``term`` in ``base``, with ranks."""
    assert term.path is not None
    group = registry().groups.get(term.group or "")
    path = ("lines.0." if term.level == "line" else "") + term.path
    if group is None:
        return path
    at = ("lines.0." if group.level == "line" else "") + group.path.removesuffix("[]")
    rank = next(
        rank
        for rank, member in enumerate(_value(base, at))
        if all(getattr(member, name) == fixed for name, fixed in group.fixed.items())
        and (term.id != "BT-124" or member.uri)
    )
    return path.replace("[]", f".{rank}")


def _value(node: Any, path: str) -> Any:
    for step in path.split("."):
        node = node[int(step)] if step.isdigit() else getattr(node, step)
        assert node is not None, path
    return node


def _removal(path: str) -> Mapping[str, object]:
    if path.endswith(".value"):  # an identifier without value is no identifier
        parent = path.removesuffix(".value")
        head, _, rank = parent.rpartition(".")
        return {head: ()} if rank.isdigit() else {parent: None}
    if "attributes" in path:
        return {path: ""}
    return {path: None}
