"""The page docs/rules.md: every rule of the catalogue, with its source and its French words.

Run ``python -m schemas.rules_page > docs/rules.md`` after a change of ``config/findings``; a test
tells when the page is behind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

from config.catalogue import ENVIRONMENTS, Catalogue, RuleText, load_catalogue

_AREAS = {
    "attachments": "Attachments",
    "audit": "Audit trail",
    "chorus": "Chorus Pro's own rules",
    "directory": "Directory of public structures",
    "en16931": "EN 16931",
    "ledger": "Ledger: duplicates and conflicts",
    "platform": "Messages of Chorus Pro",
    "returns": "Return flows",
    "totals": "Totals",
    "writing": "Writing",
    "xsd": "XML Schema",
}

_HEAD = """# Rules

Every finding the product can report: id, severity, what it says, where it comes from. This page is
written from `config/findings/*.yaml` by `python -m schemas.rules_page`; do not edit it.

*fatal*: Chorus Pro, or the official rule, would refuse the invoice. *error*: our own block.
*warning*: told, not blocking. A target's policies (`config/targets`) and the setting `policies`
may turn a rule into a block or a warning. Placeholders stand in braces.

What Chorus Pro is known to check and no rule here does: that an engagement of the State exists and
that a number was never used elsewhere (its own data only); the format of bank details beyond the
IBAN (rules G1.16 to G1.19: text not public); the 500 invoices and 1 GB of a flow, names of flows
and archives (held by construction: `transforms/plan.py`, `transforms/naming.py`,
`transforms/bundle.py`); lengths of the API only (comment 200, designation 100); the payment means
of legal costs (rule G8.20: cadre A3, not deposited here); a CreditNote root, a preceding invoice
given twice in UBL, kinds of lines in CII (nothing known).
"""


def render_page(catalogue: Catalogue) -> str:
    """Return the page in Markdown."""
    parts = [_HEAD]
    rules = sorted(catalogue.rules.values(), key=lambda rule: rule.area)
    for area, group in groupby(rules, key=lambda rule: rule.area):
        parts.append(f"## {_AREAS.get(area, area.capitalize())}\n")
        parts.append("| rule | term | severity | message (fr) | source |\n|---|---|---|---|---|")
        parts.extend(_rows(group))
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _rows(rules: Iterator[RuleText]) -> Iterator[str]:
    for rule in rules:
        text = rule.text("fr")
        cells = (
            f"`{rule.id}`",
            rule.term or "",
            _severity(rule),
            f"**{text.title}.** {text.message}",
            rule.source,
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _severity(rule: RuleText) -> str:
    severities = [rule.severity(environment) for environment in ENVIRONMENTS]
    if len(set(severities)) == 1:
        return severities[0]
    return ", ".join(f"{name} {word}" for name, word in zip(ENVIRONMENTS, severities, strict=True))


if __name__ == "__main__":
    sys.stdout.write(render_page(load_catalogue()))
