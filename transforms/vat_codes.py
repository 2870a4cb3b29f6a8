"""VAT categories: from the extract, or from the ERP's code through the company's table. No guess.

An ERP knows a rate or a code of its own, never the EN 16931 category; 0 % alone may be an export,
an exemption or a reverse charge. The company file says what each code means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from config.company import Company, VatCode
from transforms.building import Finish, Reading
from transforms.invoice import Invoice, VatBreakdown

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
                    value=f"{said[0]} {said[1]}",
                    params={"code": code, "category": known.category, "rate": str(known.rate)},
                )
            if known.reason or known.reason_code:
                key = (known.category, values.get(rate) or _ZERO)
                reading.reasons[key] = (known.reason, known.reason_code)
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

    A group of the extract keeps its own reason. Where the extract gives no VAT breakdown, a group
    without amounts carries the reason; the totals fill its amounts.
    """
    reasons = dict(reading.reasons)
    if company is not None and company.vat_reasons:
        used = {(line.vat_category, line.vat_rate or _ZERO) for line in invoice.lines}
        used |= {(item.vat_category, item.vat_rate or _ZERO) for item in invoice.allowances}
        used |= {(group.category, group.rate or _ZERO) for group in invoice.vat}
        for category, rate in used:
            entry = company.vat_reasons.get(category or "")
            if category and entry is not None:
                reasons.setdefault((category, rate), (entry.reason, entry.reason_code))
    if not reasons:
        return invoice
    groups: list[VatBreakdown] = []
    for group in invoice.vat:
        found = reasons.pop((group.category or "", group.rate or _ZERO), None)
        if found is not None and group.reason is None and group.reason_code is None:
            group = replace(group, reason=found[0], reason_code=found[1])
        groups.append(group)
    if not invoice.vat:
        for (category, rate), (reason, code) in sorted(reasons.items(), key=str):
            groups.append(
                VatBreakdown(
                    category=category,
                    rate=None if category == "O" else rate,
                    reason=reason,
                    reason_code=code,
                )
            )
    return replace(invoice, vat=tuple(groups))
