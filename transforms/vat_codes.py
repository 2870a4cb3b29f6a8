"""VAT categories: from the extract, or from the ERP's code through the company's table. No guess.

An ERP knows a rate or a code of its own, never the EN 16931 category; 0 % alone may be an export,
an exemption or a reverse charge. The company file says what each code means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from config.company import Company, VatCode, VatReason
from transforms.building import Finish, Reading
from transforms.invoice import Invoice, VatBreakdown
from transforms.vat_groups import vat_text

#: Field under which a builder keeps the ERP's code until it is looked up.
CODE_FIELD = "_vat"
_ZERO = Decimal(0)


def vat_finish(
    codes: Mapping[str, VatCode],
    columns: Mapping[str, str],
    *,
    category: str = "vat_category",
    rate: str = "vat_rate",
    terms: tuple[str, str],
    code_term: str,
) -> Finish:
    """Return what completes category and rate of an object from the ERP's VAT code.

    Args:
        columns: column of each term, for the findings.
        category, rate: names of the two fields in the object.
        terms: their business terms.
        code_term: the term of the ERP's code.
    """
    category_term, rate_term = terms

    def finish(values: dict[str, Any], reading: Reading) -> None:
        code = values.pop(CODE_FIELD, None)
        if code is not None:
            known = codes.get(code)
            if known is None:
                reading.report(
                    "MP-VAT-02", bt=category_term, column=columns.get(code_term), value=code
                )
                return
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
            reading.report(
                "MP-VAT-01",
                bt=category_term,
                column=columns.get(rate_term),
                value=str(values[rate]),
            )

    return finish


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
