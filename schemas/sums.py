"""Figures of an XML invoice that keep the norm and are doubtful all the same.

EN 16931 ties sums to their details, but never a line amount to its quantity and price, and a VAT
amount to its base only within one unit: a wrong price that adds up passes every official rule. In
a night ``transforms.totals`` compares such figures while it completes an invoice; here the same
comparison is told of an XML that is already written. Nobody refuses for it: it warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from config.settings import TotalsPolicy
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice
from transforms.totals import complete

#: What is told of a line, and of a VAT group. Sums of the document have BR-CO-10 to BR-CO-16,
#: which are exact: what ``complete`` says of them is said already.
_OF_LINES = frozenset({"TT-LINE-01"})
_OF_GROUPS = frozenset({"TT-BASE-01", "TT-BASE-02", "TT-BASE-03", "TT-VAT-01", "TT-CLOSED-01"})
_GROUP_TERMS = frozenset({"BT-116", "BT-117"})

#: Official rules on sums and VAT groups: once one of them is broken, what the lines give for a
#: group follows from the same fault.
_SUMS = re.compile(r"BR-CO-1[0-8]|BR-(S|Z|E|AE|IC|G|O|AF|AG|B)-(01|08|09)|BR-4[5-8]")


def doubtful_figures(
    invoice: Invoice, told: Iterable[Finding], policy: TotalsPolicy
) -> tuple[Finding, ...]:
    """Return, as warnings, what the totals of a night would say of an invoice that was read.

    Args:
        invoice: read from XML.
        told: what the rules say of it; nothing is said twice.
        policy: tolerance of the comparison.
    """
    _, found = complete(invoice, policy)
    wanted = [one for one in found if one.rule in _OF_LINES]
    if not any(_SUMS.fullmatch(one.rule) for one in told):
        wanted += [one for one in found if one.rule in _OF_GROUPS and one.bt in _GROUP_TERMS]
    return tuple(replace(one, severity=Severity.WARNING) for one in wanted)
