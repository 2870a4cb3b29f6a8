"""Statuses that Chorus Pro sends back, as typed facts.

Two kinds travel in a ``CPPStatut`` (AIFE, CPPStatutPivot V1_19): of a flow (``CPPFluxStatuts``, the
integration report) and of invoices (``CPPFactureStatuts``, the life cycle). Every value is kept as
it was written beside what it was read as.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from transforms.finding import Finding, Location, Severity
from transforms.return_time import Stamp

_CODE = re.compile(r"[0-9]{1,9}")


class Reason(StrEnum):
    """Why a return file, or one of its members, cannot be understood."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"  # beyond the limits of settings.returns
    DAMAGED_ARCHIVE = "damaged_archive"
    NOT_XML = "not_xml"
    FORBIDDEN_XML = "forbidden_xml"  # a document type declaration: entities, external files
    OTHER_DOCUMENT = "other_document"  # well-formed, but no CPPStatut
    NO_STATUS = "no_status"
    MISSING = "missing"  # the local copy is gone


class Meaning(StrEnum):
    """What an error line may say beyond what is wrong with an invoice."""

    DUPLICATE = "duplicate"  # an invoice of this number exists there already
    FLOW_TWICE = "flow_twice"  # the flow id was received before
    PACKAGING = "packaging"  # name or compression: the whole flow is refused for it


@dataclass(frozen=True, slots=True)
class Problem:
    """A return file, or a member of one, that cannot be understood."""

    name: str
    reason: Reason
    detail: str

    @property
    def finding(self) -> Finding:
        """Return the problem as a finding (``RT-FILE-01``)."""
        return Finding(
            "RT-FILE-01",
            Severity.ERROR,
            Location(self.name),
            params={"reason": self.reason.value} | ({"detail": self.detail} if self.detail else {}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLine:
    """One line of ``Details`` of a flow status; the codes are not published and stay raw."""

    rank: str = ""  # IdLigne
    nature: str = ""  # NatureErreur
    code: str = ""  # CodeErreur
    label: str = ""  # LibelleErreur
    description: str = ""  # DescriptionErreur

    @property
    def text(self) -> str:
        """Return the free texts of the line, where an invoice may be named."""
        return "\n".join(part for part in (self.label, self.description) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatusReport:
    """One status of a flow we deposited (or of one of its members).

    ``code`` is None when ``raw_code`` is no number. ``announced_errors`` is the number of error
    lines that the report says it has; fewer ``errors`` mean that the report is cut.
    """

    flow_id: str  # IdFlux, as written
    raw_code: str  # IdStatut, as written
    code: int | None
    stamp: Stamp
    complement: str = ""
    comment: str = ""
    note: str = ""
    producer: str = ""
    errors: tuple[ErrorLine, ...] = ()
    announced_errors: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceStatusReport:
    """One life-cycle status of an invoice.

    The seller's identifier and the number are the key to our invoice; the rest is for the reader.
    """

    number: str  # IdFacture
    seller_scheme: str  # TypeIdentifiant, 1 to 7
    seller_id: str
    raw_code: str
    code: int | None
    stamp: Stamp
    complement: str = ""
    comment: str = ""
    producer: str = ""
    seller_name: str = ""
    buyer_id: str = ""
    buyer_name: str = ""
    service_code: str = ""
    issue_date: date | None = None
    mandate_id: str = ""  # IdMandatDP


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFlow:
    """One ``CPPStatut``.

    Attributes:
        name: name of the file, or of the member of an archive.
        kind: ``flow`` (integration report), ``invoice`` (life cycle) or ``mixed``.
        flow_id: identifier of the return flow itself (parameter ``IdFlx``).
        produced: production date as written (parameter ``DtPrd``).
        sender: identifier of who wrote it, for example ``CPP001``.
    """

    name: str
    kind: Literal["flow", "invoice", "mixed"]
    flow_id: str
    produced: str
    sender: str
    receiver: str
    flows: tuple[FlowStatusReport, ...] = ()
    invoices: tuple[InvoiceStatusReport, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnContent:
    """What a return file holds. It is understood when ``problems`` is empty."""

    flows: tuple[ReturnFlow, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what is odd in the file, the problems first."""
        found = [problem.finding for problem in self.problems]
        for flow in self.flows:
            found.extend(flow.findings)
        return tuple(found)


def status_code(text: str) -> int | None:
    """Return ``IdStatut`` as the number it is in the schema ("7" and "07" are one), else None."""
    return int(text) if _CODE.fullmatch(text) else None
