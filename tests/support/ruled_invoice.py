"""A small invoice that keeps every rule, and a way to change one value of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from config.settings import Environment
from config.target import SyntaxName, load_target
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import NO_FACTS, Facts
from transforms.invoice import (
    Address,
    AllowanceCharge,
    CreditTransfer,
    Identifier,
    Invoice,
    InvoiceLine,
    Item,
    Party,
    Payment,
    Price,
    Provenance,
    Totals,
    VatBreakdown,
)

D = Decimal
RUN_DATE = date(2026, 3, 2)

#: Changes of the sample by dotted path; a number in a path is a rank in a tuple.
Changes = Mapping[str, object]

SAMPLE = Invoice(
    number="FA-2026/0042",
    issue_date=date(2026, 3, 1),
    type_code="380",
    currency="EUR",
    due_date=date(2026, 3, 31),
    process="A1",
    seller=Party(
        name="Ateliers du Port",
        legal_id=Identifier("73282932000074", "1"),
        vat_id="FR44732829320",
        address=Address(city="Brest", country="FR"),
    ),
    buyer=Party(
        name="Ville de Demain",
        legal_id=Identifier("35600000000048", "1"),
        address=Address(city="Demain", country="FR"),
    ),
    payment=Payment(
        means_code="30", transfers=(CreditTransfer(account="FR7630006000011234567890189"),)
    ),
    lines=(
        InvoiceLine(
            id="1",
            quantity=D(5),
            unit="C62",
            net=D("62.00"),
            price=Price(net=D("12.40")),
            vat_category="S",
            vat_rate=D(20),
            item=Item(name="Gants de soin"),
        ),
        InvoiceLine(
            id="2",
            quantity=D(1),
            unit="C62",
            net=D("38.00"),
            price=Price(net=D("38.00")),
            vat_category="S",
            vat_rate=D(20),
            item=Item(name="Livraison"),
        ),
    ),
    totals=Totals(
        lines=D("100.00"),
        without_vat=D("100.00"),
        vat=D("20.00"),
        with_vat=D("120.00"),
        due=D("120.00"),
    ),
    vat=(VatBreakdown(taxable=D("100.00"), tax=D("20.00"), category="S", rate=D(20)),),
    provenance=Provenance(
        "ventes.csv", 7, {"BT-1": "NUM_FAC", "BT-131": "MT_HT", "BT-47": "SIRET"}, (7, 8)
    ),
)


def allowance(**values: Any) -> AllowanceCharge:
    """Return a discount on the document that keeps every rule by itself."""
    standard: dict[str, Any] = {
        "is_charge": False,
        "amount": D("10.00"),
        "vat_category": "S",
        "vat_rate": D(20),
        "reason": "Remise de fin d'année",
    }
    return AllowanceCharge(**{**standard, **values})


def changed(changes: Changes, invoice: Invoice = SAMPLE) -> Invoice:
    """Return ``invoice`` with each value of ``changes`` put at its path."""
    for path, value in changes.items():
        invoice = _put(invoice, path.split("."), value)
    return invoice


def context(
    environment: Environment = Environment.PRODUCTION,
    target: str = "chorus_direct",
    policies: Mapping[str, str] | None = None,
    syntax: SyntaxName = "cii",
    facts: Facts = NO_FACTS,
    overrides: Mapping[str, str] | None = None,
) -> RuleContext:
    """Return a context of rules at the run date of the tests."""
    return RuleContext(
        environment=environment,
        target=load_target(target, overrides=overrides or {}, policies=policies or {}),
        run_date=RUN_DATE,
        syntax=syntax,
        facts=facts,
    )


def hits(family: Family, invoice: Invoice, syntax: SyntaxName = "cii") -> list[Hit]:
    """Return what the checks of one family say, and see that they keep to their own rules."""
    found: list[Hit] = []
    for check in family.checks:
        said = list(check.run(invoice, context(syntax=syntax)))
        assert {hit.rule for hit in said} <= set(check.rules)
        found += said
    return found


def _put(node: Any, path: list[str], value: object) -> Any:
    if not path:
        return value
    step, *rest = path
    if step.isdigit():
        rank = int(step)
        return (*node[:rank], _put(node[rank], rest, value), *node[rank + 1 :])
    return replace(node, **{step: _put(getattr(node, step), rest, value)})
