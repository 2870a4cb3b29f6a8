"""Read a return file of Chorus Pro: bytes in, typed statuses out.

A return file is an XML ``CPPStatut`` (AIFE, CPPStatutPivot V1_19), alone, in a gzip, or several in
a tar archive: whether Chorus Pro archives them is not published, so the first bytes decide.

Nothing here raises on what a file holds. What cannot be understood comes back as a problem, and
what is understood but odd as a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from io import BytesIO
from typing import Literal

from lxml import etree

from config.returns_settings import Returns
from config.statuses import StatusTable, statuses_for
from transforms.finding import Finding, Location, Severity
from transforms.return_time import Stamp, read_stamp
from transforms.statuses import (
    ErrorLine,
    FlowStatusReport,
    InvoiceStatusReport,
    Problem,
    Reason,
    ReturnContent,
    ReturnFlow,
    status_code,
)
from transforms.unbundle import Limits, UnbundleError, read_bundle

#: Reasons of ``transforms.unbundle`` in ours: empty, too large to be read, or no archive to trust.
_REASONS = {
    "empty": Reason.EMPTY,
    "damaged": Reason.DAMAGED_ARCHIVE,
    "name": Reason.DAMAGED_ARCHIVE,
    "kind": Reason.DAMAGED_ARCHIVE,
    "twice": Reason.DAMAGED_ARCHIVE,
    "size": Reason.TOO_LARGE,
    "ratio": Reason.TOO_LARGE,
    "members": Reason.TOO_LARGE,
}


def parse_return(data: bytes, *, name: str, zone: tzinfo, limits: Returns) -> ReturnContent:
    """Return what the return file ``data`` holds.

    Args:
        data: bytes of the file, plain or compressed.
        name: name of the file, for findings.
        zone: zone of the times that carry no offset.
        limits: largest size, ratio and number of members that are read; changes to statuses.
    """
    unpacked = Limits(
        max_bytes=limits.max_bytes,
        max_member_bytes=limits.max_bytes,
        max_members=limits.max_members,
        max_ratio=limits.max_ratio,
    )
    table = statuses_for(limits)
    flows: list[ReturnFlow] = []
    problems: list[Problem] = []
    try:
        for member, content in read_bundle(BytesIO(data), unpacked, name=name):
            read = _read_xml(content, member, zone, table)
            if isinstance(read, Problem):
                problems.append(read)
            else:
                flows.append(read)
    except UnbundleError as error:
        # What was read before the damage is not kept: half an archive is not a report.
        return ReturnContent(problems=(Problem(name, _REASONS[error.reason], str(error)),))
    return ReturnContent(tuple(flows), tuple(problems))


def _read_xml(data: bytes, name: str, zone: tzinfo, table: StatusTable) -> ReturnFlow | Problem:
    if not data.strip():
        return Problem(name, Reason.EMPTY, "")
    reader = _Reader(name, zone, table)
    try:
        return reader.read(data)
    except etree.XMLSyntaxError as error:
        return Problem(name, Reason.NOT_XML, error.msg or "")


class _Reader:
    """Streams one XML, so that a long life-cycle file costs its statuses, not its tree."""

    def __init__(self, name: str, zone: tzinfo, table: StatusTable) -> None:
        self._name = name
        self._zone = zone
        self._table = table
        self._parameters: dict[str, str] = {}
        self._sender = ""
        self._receiver = ""
        self._flows: list[FlowStatusReport] = []
        self._invoices: list[InvoiceStatusReport] = []
        self._findings: list[Finding] = []

    def read(self, data: bytes) -> ReturnFlow | Problem:
        events = etree.iterparse(
            BytesIO(data),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        at_root = True
        for event, element in events:
            if event == "end":
                self._end_of(element)
            elif at_root:
                at_root = False
                if element.getroottree().docinfo.internalDTD is not None:
                    return Problem(self._name, Reason.FORBIDDEN_XML, "DOCTYPE")
                if (tag := _tag(element)) != "CPPStatut":
                    return Problem(self._name, Reason.OTHER_DOCUMENT, tag)
        if not self._flows and not self._invoices:
            return Problem(self._name, Reason.NO_STATUS, "")
        return ReturnFlow(
            name=self._name,
            kind=self._kind(),
            flow_id=self._parameters.get("IdFlx", ""),
            produced=self._parameters.get("DtPrd", ""),
            sender=self._sender,
            receiver=self._receiver,
            flows=tuple(self._flows),
            invoices=tuple(self._invoices),
            findings=tuple(self._findings),
        )

    def _kind(self) -> Literal["flow", "invoice", "mixed"]:
        if not self._invoices:
            return "flow"
        return "mixed" if self._flows else "invoice"

    def _end_of(self, element: etree._Element) -> None:
        match _tag(element):
            case "ParametreIndiv":
                code, value = _text(element, "Code"), _text(element, "Valeurparametre")
                self._parameters.setdefault(code, value)
            case "Emetteur":
                self._sender = self._sender or _text(element, "Id")
            case "Recepteur":
                self._receiver = self._receiver or _text(element, "Id")
            case "CPPFluxStatutUnitaire":
                self._flow_status(element)
                element.clear()
            case "CPPFactureStatutUnitaire":
                self._invoice_status(element)
                element.clear()

    def _flow_status(self, element: etree._Element) -> None:
        data = _child(element, "DonneesStatut")
        details = _child(data, "Details")
        flow_id = _text(data, "IdFlux")
        raw = _text(data, "IdStatut")
        code = status_code(raw)
        if not flow_id or not raw:
            self._odd("RT-STATUS-03", Severity.ERROR, raw, {"place": "CPPFluxStatuts"})
        elif self._table.of_flow(code) is None:
            self._odd("RT-STATUS-01", Severity.ERROR, raw, {"subject": flow_id})
        errors = tuple(
            ErrorLine(
                rank=line.get("IdLigne", ""),
                nature=_text(line, "NatureErreur"),
                code=_text(line, "CodeErreur"),
                label=_text(line, "LibelleErreur"),
                description=_text(line, "DescriptionErreur"),
            )
            for line in _children(details, "LigneErreurDetail")
        )
        self._flows.append(
            FlowStatusReport(
                flow_id=flow_id,
                raw_code=raw,
                code=code,
                stamp=self._stamp(data, flow_id),
                complement=_text(data, "ComplementStatut"),
                comment=_text(data, "Commentaire"),
                note=_text(data, "Note"),
                producer=_text(data, "IdProducteur"),
                errors=errors,
                announced_errors=(
                    None if details is None else status_code(details.get("NbLignesErreur", ""))
                ),
            )
        )

    def _invoice_status(self, element: etree._Element) -> None:
        data = _child(element, "DonneesStatut")
        seller = _child(element, "Fournisseur")
        buyer = _child(element, "Debiteur")
        producer = _child(data, "Producteur")
        number = _text(data, "IdFacture")
        raw = _text(data, "IdStatut")
        code = status_code(raw)
        if not number or not raw or not _text(seller, "Identifiant"):
            self._odd("RT-STATUS-03", Severity.ERROR, raw, {"place": "CPPFactureStatuts"})
        elif self._table.of_invoice(code) is None:
            # A number of the schema without a published label is expected now and then.
            known = self._table.is_unlabelled(code)
            rule = "RT-STATUS-02" if known else "RT-STATUS-01"
            severity = Severity.WARNING if known else Severity.ERROR
            self._odd(rule, severity, raw, {"subject": number})
        self._invoices.append(
            InvoiceStatusReport(
                number=number,
                seller_scheme=_text(seller, "TypeIdentifiant"),
                seller_id=_text(seller, "Identifiant"),
                raw_code=raw,
                code=code,
                stamp=self._stamp(data, number),
                complement=_text(data, "ComplementStatut"),
                comment=_text(data, "Commentaire"),
                producer="" if producer is None else producer.get("Id", ""),
                seller_name=_text(seller, "RaisonSociale"),
                buyer_id=_text(buyer, "Identifiant"),
                buyer_name=_text(buyer, "Nom"),
                service_code=_text(buyer, "CodeService"),
                issue_date=_date(_text(data, "DateFacture")),
                mandate_id=_text(data, "IdMandatDP"),
            )
        )

    def _stamp(self, data: etree._Element | None, subject: str) -> Stamp:
        stamp = read_stamp(_text(data, "Horodatage"), self._zone)
        if stamp.at is None:
            self._odd("RT-TIME-01", Severity.WARNING, stamp.raw, {"subject": subject})
        return stamp

    def _odd(self, rule: str, severity: Severity, value: str, params: dict[str, str]) -> None:
        self._findings.append(
            Finding(rule, severity, Location(self._name), value=value, params=params)
        )


def _tag(element: etree._Element) -> str:
    # The schema has no namespace; a sender that adds one says nothing else by it.
    return etree.QName(element).localname


def _children(parent: etree._Element | None, tag: str) -> Iterator[etree._Element]:
    if parent is not None:
        for element in parent:
            if isinstance(element.tag, str) and _tag(element) == tag:
                yield element


def _child(parent: etree._Element | None, tag: str) -> etree._Element | None:
    return next(_children(parent, tag), None)


def _text(parent: etree._Element | None, tag: str) -> str:
    element = _child(parent, tag)
    return "" if element is None or element.text is None else element.text.strip()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])  # xs:date may carry an offset
    except ValueError:
        return None
