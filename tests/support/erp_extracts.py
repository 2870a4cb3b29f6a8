"""Extracts of an ERP, converted end to end with a shipped profile, and told as business terms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from config.terms import registry
from flows.convert import convert_files, settings_for
from transforms.invoice import Invoice
from transforms.reading import read_document

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
Syntax = Literal["cii", "ubl"]


@dataclass(slots=True)
class Converted:
    """What became of the invoices of some extracts."""

    written: dict[str, Invoice] = field(default_factory=dict)
    """By number, as read back from the XML."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    excluded: dict[str, str] = field(default_factory=dict)
    """Name of the filter, by number."""
    lines: list[str] = field(default_factory=list)

    def rules(self, number: str | None) -> set[str]:
        """Return the rules of the findings of an invoice; None: of the files."""
        return {told["rule"] for told in self.findings if told["invoice"] == number}

    def told(self) -> dict[str, Any]:
        """Return everything as JSON: invoices as business terms, findings as rule and value."""
        findings = sorted(
            {
                (f["invoice"] or "", f["rule"], f["severity"], f["value"] or "")
                for f in self.findings
            }
        )
        return {
            "written": {number: terms_of(invoice) for number, invoice in self.written.items()},
            "held back": self.held_back,
            "excluded": self.excluded,
            "findings": [" ".join(part for part in found if part) for found in findings],
        }


def convert(
    files: Sequence[Path], profile: str, company: Path, folder: Path, syntax: Syntax = "cii"
) -> Converted:
    """Convert ``files`` below ``folder`` and read back what was written."""
    settings = settings_for(files, profile=profile, company=company, syntax=syntax)
    out, told = folder / f"xml-{syntax}", folder / f"findings-{syntax}.json"
    done = convert_files(files, settings, out=out, findings=told, language="en", clock=lambda: NOW)
    found = Converted(findings=json.loads(told.read_text("utf-8")), lines=done.lines)
    for path in sorted(out.glob("*.xml")):
        invoice = read_document(path.read_bytes(), file=path.name).invoice
        found.written[invoice.number or ""] = invoice
    for line in done.lines:
        if line.endswith("): held back"):
            found.held_back.append(line.partition(" (")[0])
        elif ": left out by the filter " in line:
            number, _, name = line.partition(": left out by the filter ")
            found.excluded[number] = name.strip("'")
    return found


def terms_of(invoice: Invoice) -> dict[str, Any]:
    """Return the business terms of an invoice as JSON, in the order of the registry."""
    found = _terms(invoice, "document")
    found["BG-25"] = [_terms(line, "line") for line in invoice.lines]
    return found


def _terms(holder: object, level: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for term in registry().terms.values():
        if term.level == level and term.group is None and term.path is not None:
            value = _value(holder, term.path.split("."))
            if value is not None:
                found[term.id] = _text(value)
    for group in registry().groups.values():
        if group.level != level:
            continue
        members = _members(holder, group.path, group.fixed)
        told = [_group(member, group.id, group.path) for member in members]
        if any(told):
            found[group.id] = told
    return found


def _members(holder: object, path: str, fixed: Mapping[str, bool]) -> Iterable[Any]:
    members = _value(holder, path.removesuffix("[]").split(".")) or ()
    return [
        member
        for member in members
        if all(getattr(member, name) == value for name, value in fixed.items())
    ]


def _group(member: Any, group: str, path: str) -> dict[str, str]:
    found = {}
    for term in registry().terms.values():
        if term.group == group and term.path is not None:
            value = _value(member, term.path.removeprefix(f"{path}.").split("."))
            if value is not None:
                found[term.id] = _text(value)
    return found


def _value(holder: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if holder is None:
            return None
        holder = holder[int(step)] if step.isdecimal() else getattr(holder, step)
    return holder


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, date) else str(value)


def compare_with_golden(told: Mapping[str, Any], golden: Path, *, update: bool) -> None:
    """Hold ``told`` against the JSON file ``golden``, or write it anew."""
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    if update:
        golden.write_text(text, "utf-8")
    assert json.loads(text) == json.loads(golden.read_text("utf-8"))


#: What a CII cannot say of an invoice and a UBL can: the kind of contract goes with the number.
_ONLY_IN_UBL = ("CP-MARCHE-TYPE",)


def check_case(
    profile: str, case: str, data: Path, folder: Path, *, update: bool, files: Sequence[Path] = ()
) -> Converted:
    """Convert the files of ``data / case`` in both syntaxes and compare with the golden file.

    Args:
        data: folder of the profile's samples, with its company file.
        files: other files than those of the case, which must give the same.
    """
    company = data / "company.yaml"
    sources = list(files) or sorted((data / case).iterdir())
    cii = convert(sources, profile, company, folder)
    ubl = convert(sources, profile, company, folder, "ubl")
    assert _comparable(ubl) == _comparable(cii)
    compare_with_golden(cii.told(), data / f"{case}.json", update=update)
    return cii


def _comparable(converted: Converted) -> dict[str, Any]:
    told = converted.told()
    for terms in told["written"].values():
        for term in _ONLY_IN_UBL:
            terms.pop(term, None)
    return told
