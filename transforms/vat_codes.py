"""VAT categories: from the extract, or from the ERP's code through the company's table. No guess.

An ERP knows a rate or a code of its own, never the EN 16931 category; 0 % alone may be an export,
an exemption or a reverse charge. The company file says what each code means, and a rate is a code
like any other: ``"20": {category: S, rate: 20}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from config.company import Company
from config.company_tables import VatCode, VatReason
from transforms.building import Finish, Reading
from transforms.company_words import file_params, yaml_key
from transforms.enrichment import canonical
from transforms.invoice import Invoice, VatBreakdown
from transforms.vat_groups import vat_text

#: Field under which a builder keeps the ERP's code until it is looked up.
CODE_FIELD = "_vat"
_ZERO, _WHOLE = Decimal(0), Decimal(100)
#: Rate shown where an entry is proposed and the rate is not known.
_USUAL = "20"
#: A code that is a rate: ``20``, ``5,5``, ``20.00 %``. No thousands mark can stand in it, so that a
#: comma and a point mean the same whatever the marks of the extract.
_RATE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,6}))?\s*%?")


def code_finder(codes: Mapping[str, VatCode]) -> Callable[[str], VatCode | None]:
    """Return what looks a code up: as it is, then by its value when it is a number.

    ``20``, ``20.0`` and ``20,00`` are one code, unless several entries have that value; ``A0`` is
    no number.
    """
    by_value: dict[Decimal, VatCode | None] = {}
    for key, entry in codes.items():
        value = _number(key)
        if value is not None:
            by_value[value] = None if value in by_value else entry

    def find(code: str) -> VatCode | None:
        found = codes.get(code)
        value = _number(code) if found is None else None
        return found if value is None else by_value.get(value)

    return find


def vat_finish(
    codes: Mapping[str, VatCode],
    columns: Mapping[str, str],
    *,
    category: str = "vat_category",
    rate: str = "vat_rate",
    terms: tuple[str, str],
    code_term: str,
    company_file: str = "",
) -> Finish:
    """Return what completes category and rate of an object from the ERP's VAT code.

    A rate without code and category is a code itself, as long as the entry has that very rate.

    Args:
        columns: column of each term, for the findings.
        category, rate: names of the two fields in the object.
        terms: their business terms.
        code_term: the term of the ERP's code.
        company_file: name of the company file, for the findings.
    """
    category_term, rate_term = terms
    find = code_finder(codes)

    def finish(values: dict[str, Any], reading: Reading) -> None:
        code = values.pop(CODE_FIELD, None)
        if code is not None:
            known = find(code)
            if known is None:
                reading.report(
                    "MP-VAT-02",
                    bt=category_term,
                    column=columns.get(code_term),
                    value=code,
                    params={**file_params(company_file), **_entries(code, values.get(rate))},
                )
                return
            _drop_zero(values, rate, known)
            said = (values.setdefault(category, known.category), values.get(rate, known.rate))
            if known.rate is not None:
                values.setdefault(rate, known.rate)
            if said != (known.category, known.rate):
                reading.report(
                    "MP-VAT-03",
                    bt=rate_term,
                    column=columns.get(rate_term) or columns.get(code_term),
                    value=vat_text(*said),
                    params={"code": code, "meaning": vat_text(known.category, known.rate)},
                )
            if known.reason or known.reason_code:
                reading.reasons[_seed(known.category, values.get(rate), known)] = None
        elif values.get(rate) is not None and category not in values:
            shown = f"{values[rate]:f}"
            known = find(shown)
            if known is not None and (known.rate or _ZERO) == values[rate]:
                values[category] = known.category
                _drop_zero(values, rate, known)
                if known.reason or known.reason_code:
                    reading.reasons[_seed(known.category, values.get(rate), known)] = None
                return
            reading.report(
                "MP-VAT-01",
                bt=category_term,
                column=columns.get(rate_term),
                value=shown,
                params={**file_params(company_file), **_entries(shown, values[rate])},
            )

    return finish


def _drop_zero(values: dict[str, Any], rate: str, known: VatCode) -> None:
    """Leave a rate of 0 out of category O, which has none: ERPs write 0 there."""
    if known.category == "O" and values.get(rate) == _ZERO:
        del values[rate]


def _number(code: str) -> Decimal | None:
    match = _RATE.fullmatch(code.strip())
    return Decimal(f"{match[1]}.{match[2] or 0}") if match is not None else None


def _entries(code: str, rate: Decimal | None) -> dict[str, str]:
    """Return the line that is missing in ``vat_codes``, as far as it can be told."""
    value = _number(code) if rate is None else rate
    key = yaml_key(code)
    if value is not None and not value:
        entry = f"{key}: {{category: E, rate: 0, reason: {{}}}}"
        return {
            "entry_fr": entry.replace("{}", "motif de l'exonération"),
            "entry_en": entry.replace("{}", "reason of the exemption"),
        }
    shown = canonical(value) if value is not None and value <= _WHOLE else _USUAL
    entry = f"{key}: {{category: S, rate: {shown}}}"
    return {"entry_fr": entry, "entry_en": entry}


def with_reasons(invoice: Invoice, reading: Reading, company: Company | None) -> Invoice:
    """Return the invoice with the exemption reasons that the company file gives.

    They come as VAT groups without amounts, which the totals merge with the amounts of the lines.
    A group of the extract that has a reason of its own keeps it alone.
    """
    seeds = dict(reading.reasons)
    if company is not None and company.vat_reasons:
        used = [(line.vat_category, line.vat_rate) for line in invoice.lines]
        used += [(item.vat_category, item.vat_rate) for item in invoice.allowances]
        used += [(group.category, group.rate) for group in invoice.vat]
        coded = {(seed.category, seed.rate) for seed in seeds}
        for category, rate in used:
            entry = company.vat_reasons.get(category or "")
            if category and entry is not None:
                seed = _seed(category, rate, entry)
                if (seed.category, seed.rate) not in coded:
                    seeds[seed] = None
    own = {
        (group.category, group.rate or _ZERO)
        for group in invoice.vat
        if group.reason or group.reason_code
    }
    added = tuple(seed for seed in seeds if (seed.category, seed.rate or _ZERO) not in own)
    return replace(invoice, vat=(*invoice.vat, *added)) if added else invoice


def _seed(category: str, rate: Decimal | None, entry: VatCode | VatReason) -> VatBreakdown:
    """Return a group without amounts that carries the reason; category O has no rate."""
    shown = None if category == "O" else rate or _ZERO
    return VatBreakdown(
        category=category, rate=shown, reason=entry.reason, reason_code=entry.reason_code
    )
