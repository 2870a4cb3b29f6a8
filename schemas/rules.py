"""All rules on the model of an invoice, run in one pass.

Families are listed here and nowhere else: a new one is a module with a ``Family`` and a line
below. Which families a target asks for is the target's word (``config.target``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from config.catalogue import load_catalogue
from schemas.chorus.document import DOCUMENT
from schemas.chorus.figures import FIGURES
from schemas.chorus.parties import PARTIES
from schemas.chorus.payment import PAYMENT
from schemas.chorus.texts import TEXTS
from schemas.en16931.arithmetic import ARITHMETIC
from schemas.en16931.codes import CODES
from schemas.en16931.conditions import CONDITIONS
from schemas.en16931.decimals import DECIMALS
from schemas.en16931.lines import LINES
from schemas.en16931.norm import NORM
from schemas.en16931.presence import PRESENCE
from schemas.en16931.vat import VAT
from schemas.policy import apply_policy
from schemas.registry import Family, Hit, RegisteredCheck, RuleContext
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice

FAMILIES: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {
        "chorus": (DOCUMENT, PARTIES, PAYMENT, TEXTS, FIGURES, NORM),
        "en16931": (PRESENCE, LINES, CONDITIONS, CODES, ARITHMETIC, DECIMALS, VAT),
    }
)

#: Rules that say less than another one on the same thing: told once, in the better words.
COVERED_BY: Mapping[str, str] = MappingProxyType(
    {
        "BR-49": "CP-PAYMENT-01",
        "BR-61": "CP-IBAN-01",
        "BR-CO-26": "CP-SELLER-01",
        "BR-CL-04": "CP-CURRENCY-01",
        "BR-CL-17": "CP-CATEGORY-01",
    }
)


def check(invoice: Invoice, context: RuleContext) -> tuple[Finding, ...]:
    """Return what the rules of the target say of ``invoice``, in the order of the families.

    Severities come from the catalogue, by environment, then from the policies of the target.
    """
    hits = list(_hits(invoice, context))
    if not hits:
        return ()
    seen = {hit.rule for hit in hits}
    return tuple(
        finding
        for hit in hits
        if COVERED_BY.get(hit.rule) not in seen
        and (finding := _finding(hit, invoice, context)) is not None
    )


def rule_ids() -> tuple[str, ...]:
    """Return the ids of all rules on the model, in the order they are run."""
    return tuple(
        rule for families in FAMILIES.values() for family in families for rule in family.rules
    )


@lru_cache(maxsize=16)
def _checks(names: tuple[str, ...]) -> tuple[RegisteredCheck, ...]:
    return tuple(check for name in names for family in FAMILIES[name] for check in family.checks)


def _hits(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    for registered in _checks(context.target.families):
        yield from registered.run(invoice, context)


def _finding(hit: Hit, invoice: Invoice, context: RuleContext) -> Finding | None:
    rule = load_catalogue().rule(hit.rule)
    action = context.target.action(hit.rule, syntax=context.syntax, type_code=invoice.type_code)
    severity = apply_policy(Severity(rule.severity(context.environment)), action)
    if severity is None:
        return None
    return Finding(
        hit.rule,
        severity,
        invoice.locate(hit.bt, hit.line),
        bt=hit.bt,
        value=hit.value,
        params=dict(hit.params or {}),
    )
