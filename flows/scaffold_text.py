"""The YAML that ``profile scaffold`` writes: a profile and a company file, every guess marked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from config.terms import name_of
from transforms.proposal import Guess, Proposal

if TYPE_CHECKING:
    from flows.scaffold import Sample

_TYPES = {"380", "381"}


def profile_text_of(name: str, proposal: Proposal, header: Sample, lines: Sample | None) -> str:
    """Return the text of a profile."""
    return "\n".join(_profile(name, proposal, header, lines)) + "\n"


def company_text(proposal: Proposal) -> str:
    """Return the text of a company file; VAT codes stand in it as questions."""
    return "\n".join(_company(proposal)) + "\n"


def _profile(name: str, proposal: Proposal, header: Sample, lines: Sample | None) -> Iterator[str]:
    layout, marks = header.layout, proposal.marks
    yield "# A proposal: confirm or correct each line marked GUESS, then remove the mark."
    yield "# docs/profiles.md and docs/mapping.md say what a profile may hold."
    yield "extends: _base"
    yield f"profile: {name}"
    if layout.kind == "xlsx":
        yield "format: {kind: xlsx}"
    else:
        given = f"encoding: {layout.encoding}, separator: {_quoted(layout.separator)}"
        yield f"format: {{{given}}}  # GUESS: from the bytes of {header.path.name}"
    grouping = list(marks.groupings)
    yield (
        f"numbers: {{decimal: {_quoted(marks.decimal)}, thousands: {json.dumps(grouping)}}}"
        "  # GUESS: reads all numbers seen"
    )
    formats = proposal.dates or ("yyyy-MM-dd",)
    yield f"dates: {{formats: {json.dumps(list(formats))}}}  # GUESS: reads all dates seen"
    key = _quoted(proposal.key or "?")
    if lines is None:
        yield f"shape: {{kind: flat, key: {key}, contiguous: auto}}  # GUESS: the invoice number"
    else:
        yield "shape:"
        yield "  kind: header_lines"
        yield f"  key: {key}  # GUESS: the invoice number"
        own = proposal.lines_key or proposal.key
        if own != proposal.key:
            yield f"  lines_key: {_quoted(own or '?')}  # GUESS: the same values as {key}"
        yield f"  header_files: [{_quoted(_pattern(header))}]"
        yield f"  lines_files: [{_quoted(_pattern(lines))}]"
        yield "  contiguous: auto"
    yield "credit_notes: {amounts: positive}  # GUESS: negative if the ERP writes them so"
    yield from _tables(proposal)
    yield "header:"
    yield from _terms(proposal.header, proposal)
    guessed = {guess.term for guess in proposal.header}
    if "BT-3" not in guessed:
        yield '  BT-3: {constant: "380"}  # GUESS: no column of a document type; invoices only'
    if "BT-5" not in guessed:
        yield "  BT-5: {constant: EUR}  # GUESS: no column of a currency"
    yield "lines:" if proposal.lines else "lines: {}"
    yield from _terms(proposal.lines, proposal)
    if proposal.unused:
        yield "# Nothing was guessed for these columns; ignored_columns takes those not needed:"
        for column in proposal.unused:
            yield f"#   {column.name}: {_shown(column.values)}"


def _terms(guesses: Iterable[Guess], proposal: Proposal) -> Iterator[str]:
    for guess in guesses:
        source = _quoted(guess.column)
        options = [f"column: {source}"]
        if guess.term == "BT-3" and not set(proposal.codes["BT-3"]) <= _TYPES:
            options.append("table: kinds")
        if guess.term == "BT-130":
            options.append("table: units")
        if guess.term in ("BT-1", "BT-2", "BT-131", "BT-153"):
            options.append("required: true")
        name = name_of(guess.term, "en")
        reason = f"{name}; {guess.reason}; {_shown(guess.examples)}"
        yield f"  {guess.term}: {{{', '.join(options)}}}  # GUESS: {reason}"


def _tables(proposal: Proposal) -> Iterator[str]:
    kinds = [code for code in proposal.codes.get("BT-3", ()) if code not in _TYPES]
    units = proposal.codes.get("BT-130", ())
    if not kinds and not units:
        return
    yield "tables:"
    if kinds:
        yield "  # 380 is an invoice, 381 a credit note; a code without a line is a finding."
        yield "  kinds:"
        for code in kinds:
            yield f'    # {_quoted(code)}: "380"  # GUESS wanted: invoice or credit note?'
        yield '    "380": "380"'
    if units:
        yield "  # Codes of UN/ECE Recommendation 20; those of _base are known already."
        yield "  units:"
        for code in units:
            yield f"    # {_quoted(code)}: H87  # GUESS wanted: H87 piece, HUR hour, C62 one…"
        yield '    "C62": "C62"'


def _company(proposal: Proposal) -> Iterator[str]:
    yield "# Fill in what your invoices always say; docs/company.md."
    yield "seller:"
    yield '  name: ""'
    yield '  siret: ""  # 14 digits, in quotes'
    yield '  vat_id: ""'
    yield '  address: {line1: "", postcode: "", city: "", country: FR}'
    yield 'payment: {means: "30", iban: "", terms: ""}'
    yield 'defaults: {BT-8: "5"}  # 5 débits, 72 encaissements'
    codes = proposal.codes.get("CF-LINE-VAT", ())
    yield "# What each VAT code of the ERP means. It is never guessed:"
    yield "vat_codes: {}"
    for code in codes:
        yield f"#  {_quoted(code)}: {{category: S, rate: 20}}  # S taxed, E exempt (with reason), …"
    terms = proposal.codes.get("CF-PAYMENT-TERMS", ())
    if terms:
        yield "payment_terms: {}"
        for code in terms:
            yield f"#  {_quoted(code)}: {{days: 30}}"
    if any(guess.term == "CF-CUSTOMER" for guess in proposal.header):
        yield "# A table that accountants keep: customer account -> SIRET, service, contract."
        yield "# enrichment:"
        yield "#   - file: clients.csv"
        yield "#     key: {CF-CUSTOMER: client}"
        yield "#     gives: {BT-47: siret, BT-10: service, BT-12: marche}"


def _pattern(sample: Sample) -> str:
    stem = sample.path.stem.rstrip("0123456789-_. ")
    return f"{stem}*" if stem else "*"


def _shown(values: Sequence[str]) -> str:
    if not values:
        return "always empty"
    return ", ".join(value[:30] for value in values[:3])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
