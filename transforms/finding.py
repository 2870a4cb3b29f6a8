"""Findings: what is wrong, where it was read, and under which rule.

A finding carries no text. Its rule id leads to the catalogue (``config.catalogue``), which holds
the source of the rule and its message and advice in French and English; ``params`` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

#: Parameter that says where a finding comes from, and its value for XML that the ERP wrote.
ORIGIN, FROM_XML = "origin", "xml"


class Severity(StrEnum):
    """How grave a finding is.

    ``FATAL``: Chorus Pro (or the official rule) would refuse the invoice. ``ERROR``: our own
    block. Both keep the invoice out of the night's flows. ``WARNING``: told, not blocking.
    """

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"

    @property
    def blocks(self) -> bool:
        """Whether an invoice with such a finding must not be deposited."""
        return self is not Severity.WARNING


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an extract (file, physical line from 1, column) or in an XML (path)."""

    file: str = ""
    line: int | None = None
    column: str | None = None
    xpath: str | None = None

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column:
            parts.append(f"column {self.column}")
        if self.xpath:
            parts.append(self.xpath)
        return ", ".join(parts)


NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth telling about an invoice, a file or a flow.

    Attributes:
        rule: id of the rule in the catalogue, for example ``CP-SIRET-01`` or ``XT-FIELDS-01``.
        severity: see :class:`Severity`; rules give their own, a target's policy may change it.
        location: where the value was read.
        bt: business term concerned (``BT-30``), or a Chorus Pro term (``CP-VALIDEUR``).
        value: the value seen, as text, never cut.
        params: what fills the placeholders of the message and the advice.
    """

    rule: str
    severity: Severity
    location: Location = NOWHERE
    bt: str | None = None
    value: str | None = None
    params: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        """Whether this finding keeps the invoice out of the night's flows."""
        return self.severity.blocks

    @property
    def of_xml(self) -> bool:
        """Whether it is about XML that was not written here: it has no column, nor a profile."""
        return self.params.get(ORIGIN) == FROM_XML

    def from_xml(self) -> Finding:
        """Return the finding stamped as one about XML that was not written here."""
        return replace(self, params={**self.params, ORIGIN: FROM_XML})
