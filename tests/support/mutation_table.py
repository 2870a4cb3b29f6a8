"""The tables of the mutation check, as docs/validation.md has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.terms import name_of
from tests.support.mutations import SYNTAXES, TARGETS, Verdict, judge, mutations
from tests.support.xml_mutations import judge_xml, xml_mutations

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
BEGIN = "<!-- mutations: begin (written by `python -m tools.mutations`) -->"
END = "<!-- mutations: end -->"

#: Why nobody speaks, for Chorus Pro: by way of breaking, and by term where it is another reason.
REASONS: dict[tuple[str, str | None], str] = {
    ("removed", None): "nobody asks for it: the invoice is as good without it",
    ("too long", None): "no source at hand gives a limit, and none is guessed",
    ("unknown code", "CP-SOUS-TYPE-LIGNE"): "no list of sub-kinds is published",
    **{
        ("removed", bt): "asked for by some buyers only: layer `directory`"
        for bt in ("BT-10", "BT-13")
    },
    **{
        ("removed", bt): "without a type, Chorus Pro and we read a SIRET"
        for bt in ("BT-30-1", "BT-47-1", "BT-61-1", "CP-VALIDEUR-TYPE")
    },
    **{
        ("changed by 1", bt): "no rule of EN 16931 or Chorus Pro ties base, percentage and amount"
        for bt in ("BT-93", "BT-94", "BT-100", "BT-101", "BT-137", "BT-138", "BT-142", "BT-143")
    },
    **{
        ("changed by 1", bt): "no rule of EN 16931 or Chorus Pro ties gross price, discount and net"
        for bt in ("BT-147", "BT-148")
    },
    ("changed by 1", "BT-111"): "in another currency, at a rate that the invoice does not tell",
    ("two documents of one reference", "BT-122"): "references need not be unique",
}

#: Why nobody speaks in one syntax.
ONE_SYNTAX: dict[tuple[str, str], str] = {
    ("BT-21", "unknown code"): "UBL: `#QQ#` is text; a code has three letters there",
    ("BT-40", "removed"): "UBL: the trading address stands where EN 16931 reads the seller's",
    ("BG-5", "removed"): "UBL: the trading address stands where EN 16931 reads the seller's",
    ("CP-ADRESSE-COMMERCIALE-PAYS", "removed"): "CII: EN 16931 reads the legal address",
    ("BG-3", "given twice"): "UBL has room for several; Chorus Pro's limit is not known",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A mutation of the model and its verdicts, by target and syntax."""

    term: str
    way: str
    verdicts: dict[tuple[str, str], Verdict]

    def missed_in(self, target: str = "chorus_direct") -> list[str]:
        """Return the syntaxes in which nobody speaks."""
        return [syntax for syntax in SYNTAXES if not self.verdicts[target, syntax]]

    @property
    def reason(self) -> str | None:
        """Return why a miss for Chorus Pro is one."""
        if len(self.missed_in()) < len(SYNTAXES):
            return ONE_SYNTAX.get((self.term, self.way))
        return REASONS.get((self.way, self.term)) or REASONS.get((self.way, None))


def rows() -> list[Row]:
    """Break everything, judge everything."""
    return [
        Row(
            one.term,
            one.way,
            {
                (target, syntax): judge(one.invoice, target, syntax)
                for target in TARGETS
                for syntax in SYNTAXES
            },
        )
        for one in mutations()
    ]


def render(table: list[Row]) -> str:
    """Return the section in Markdown, markers left out."""
    caught = [row for row in table if len(row.missed_in()) < len(SYNTAXES)]
    missed = [row for row in table if row not in caught]
    lines = [
        f"{len(table)} mutations of two invoices that, together, hold every term of the registry,",
        f"each in CII and UBL: {len(caught)} are caught for Chorus Pro, {len(missed)} are named",
        "below. A rule in *italics* warns; the others block. Where the syntaxes differ, both are",
        "told. `–` under `en16931`: a rule of Chorus Pro's own, the norm says nothing.",
        "",
        "| term | broken | chorus_direct | en16931 |",
        "|---|---|---|---|",
    ]
    for row in caught:
        told = " | ".join(_cell(row, target) for target in TARGETS)
        lines.append(
            f"| {row.term} {name_of(row.term, 'en')} | {row.way} | {told} |".replace(
                f"{row.term} {row.term} ", f"{row.term} "
            )
        )
    lines += [
        "",
        "### Caught in the XML",
        "",
        "What the model cannot hold, for `chorus_direct`.",
        "",
    ]
    lines += ["| syntax | term | broken | caught by |", "|---|---|---|---|"]
    for xml in xml_mutations():
        told = _told(judge_xml(xml.xml, xml.syntax))
        lines.append(f"| {xml.syntax} | {xml.term} | {xml.way} | {told} |")
    lines += ["", "### Misses", "", "Caught by nobody for `chorus_direct`, and why.", ""]
    lines += ["| broken | why nobody speaks | terms |", "|---|---|---|"]
    lines += list(_misses(missed))
    lines += [f"| {row.way} | {row.reason} | {row.term} |" for row in caught if row.missed_in()]
    return "\n".join(lines) + "\n"


def with_tables(page: str, table: list[Row]) -> str:
    """Return ``page`` with the section between its markers; at its end when there are none."""
    if BEGIN not in page:
        page = f"{page.rstrip()}\n\n## Mutation check\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render(table)}{END}{after}"


def _misses(missed: list[Row]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for row in missed:
        groups.setdefault((row.way, row.reason or "**not known**"), []).append(row.term)
    for (way, reason), terms in groups.items():
        yield f"| {way} | {reason} | {', '.join(terms)} |"


def _cell(row: Row, target: str) -> str:
    told = {syntax: _told(row.verdicts[target, syntax]) for syntax in SYNTAXES}
    if len(set(told.values())) == 1:
        return told["cii"]
    return "; ".join(f"{syntax}: {words}" for syntax, words in told.items())


def _told(verdict: Verdict) -> str:
    layers: dict[str, list[str]] = {}
    for catch in verdict:
        rule = catch.rule if catch.blocks else f"*{catch.rule}*"
        layers.setdefault(catch.layer, []).append(rule)
    return ", ".join(f"{layer}: {' '.join(rules)}" for layer, rules in layers.items()) or "–"
