"""All rules on the model of an invoice, run in one pass.

Families are listed here and nowhere else: a new one is a module with a ``Family`` and a line
below. Which families a target asks for is the target's word (``config.target``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from config.catalogue import load_catalogue
from config.target import SyntaxName
from schemas.chorus.document import DOCUMENT
from schemas.chorus.figures import FIGURES
from schemas.chorus.parties import PARTIES
from schemas.chorus.payment import PAYMENT
from schemas.chorus.texts import TEXTS
from schemas.directory import DIRECTORY
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
from transforms.reading import Reading

FAMILIES: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {
        "chorus": (DOCUMENT, PARTIES, PAYMENT, TEXTS, FIGURES, NORM),
        "directory": (DIRECTORY,),
        "en16931": (PRESENCE, LINES, CONDITIONS, CODES, ARITHMETIC, DECIMALS, VAT),
    }
)

#: Rules that say less than others on the same thing: for Chorus Pro they are told once, in the
#: better words. A target of the norm alone tells all, as the official artefacts do.
COVERED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BR-09": ("BR-08",),
        "BR-11": ("BR-10",),
        "BR-20": ("BR-19",),
        "BR-27": ("BR-26",),
        "BR-49": ("CP-PAYMENT-01",),
        "BR-50": ("CP-IBAN-01",),
        "BR-61": ("CP-IBAN-01",),
        "BR-CO-10": ("BR-12",),
        "BR-CO-13": ("BR-12", "BR-13"),
        "BR-CO-15": ("BR-13", "BR-14"),
        "BR-CO-16": ("BR-14", "BR-15"),
        "BR-CO-21": ("BR-33",),
        "BR-CO-22": ("BR-38",),
        "BR-CO-23": ("BR-42",),
        "BR-CO-24": ("BR-44",),
        "BR-CO-26": ("CP-SELLER-01",),
        "BR-CL-01": ("CP-TYPE-01",),
        "BR-CL-03": ("CP-CURRENCY-01",),
        "BR-CL-04": ("CP-CURRENCY-01",),
        "BR-CL-05": ("CP-CURRENCY-01",),
        "BR-CL-06": ("CP-VATPOINT-01",),
        "BR-CL-16": ("CP-PAYMENT-02",),
        "BR-CL-17": ("CP-CATEGORY-01",),
        "BR-CL-18": ("CP-CATEGORY-01",),
        **dict.fromkeys(DECIMALS.rules, ("CP-DECIMALS-01",)),
        "BR-DEC-15": ("CP-DECIMALS-01", "BR-53"),
        "DR-SERVICE-05": ("CP-SERVICE-03",),
    }
)

#: Rules that weigh less in one syntax than the catalogue says.
LENIENT: Mapping[tuple[str, SyntaxName], Severity] = MappingProxyType(
    {("BR-51", "ubl"): Severity.WARNING}  # validation artefacts 1.3.16
)


def check(invoice: Invoice, context: RuleContext) -> tuple[Finding, ...]:
    """Return what the rules of the target say of ``invoice``, in the order of the families.

    Severities come from the catalogue, by environment, then from the policies of the target.
    """
    hits = list(_hits(invoice, context))
    if not hits:
        return ()
    if "chorus" in context.target.families:
        hits = _told_once(hits)
    return tuple(
        finding for hit in hits if (finding := _finding(hit, invoice, context)) is not None
    )


def check_bounded(
    invoice: Invoice, context: RuleContext, most: int
) -> tuple[tuple[Finding, ...], Counter[str]]:
    """Return at most ``most`` findings of each rule, and how many more there are, by rule.

    For documents from outside: of a rule broken on 400,000 lines, 400,000 places need no telling.
    """
    hits = list(_hits(invoice, context))
    if "chorus" in context.target.families:
        hits = _told_once(hits)
    found: list[Finding] = []
    seen: Counter[str] = Counter()
    severities: dict[str, Severity | None] = {}
    for hit in hits:
        if hit.rule not in severities:
            severities[hit.rule] = _severity(hit.rule, invoice, context)
        if severities[hit.rule] is None:
            continue
        seen[hit.rule] += 1
        if seen[hit.rule] <= most and (finding := _finding(hit, invoice, context)) is not None:
            found.append(finding)
    more = Counter({rule: count - most for rule, count in seen.items() if count > most})
    return tuple(found), more


def check_reading(reading: Reading, context: RuleContext) -> tuple[Finding, ...]:
    """Return what the rules say of an XML invoice that was read, in its own syntax."""
    return check(reading.invoice, replace(context, syntax=reading.syntax, facts=reading.facts))


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


def _told_once(hits: list[Hit]) -> list[Hit]:
    rules = {hit.rule for hit in hits}
    places = {(hit.rule, hit.bt, hit.line) for hit in hits}
    lines = {(hit.rule, hit.line) for hit in hits}

    def is_covered(hit: Hit) -> bool:
        for cover in COVERED_BY.get(hit.rule, ()):
            if cover == "CP-DECIMALS-01":
                covered = (cover, hit.bt, hit.line) in places
            elif cover.startswith("CP-"):
                covered = cover in rules
            else:
                covered = (cover, hit.line) in lines
            if covered:
                return True
        return False

    return [hit for hit in hits if not is_covered(hit)]


def _finding(hit: Hit, invoice: Invoice, context: RuleContext) -> Finding | None:
    severity = _severity(hit.rule, invoice, context)
    if severity is None:
        return None
    return Finding(
        hit.rule,
        severity,
        invoice.locate(hit.bt, hit.line, hit.rank),
        bt=hit.bt,
        value=hit.value,
        params=dict(hit.params or {}),
    )


def _severity(rule: str, invoice: Invoice, context: RuleContext) -> Severity | None:
    """Return how grave a broken rule is under the target; None when the target waives it."""
    action = context.target.action(rule, syntax=context.syntax, type_code=invoice.type_code)
    entry = load_catalogue().rule(rule)
    own = LENIENT.get((rule, context.syntax)) or Severity(entry.severity(context.environment))
    return apply_policy(own, action)
