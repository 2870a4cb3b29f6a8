"""Write return flows: ``CPPStatut`` XML, named and packed as Chorus Pro may do it.

Structure: AIFE, CPPStatutPivot V1_19. The integration report of an ``FSOxxxxA`` flow is a
``CSOxxxxA``, the life cycle a ``FEN1200A``; file names follow the rule of deposited flows with
Chorus Pro's own code ``CPP001`` as emitter (inferred: not published).
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from lxml import etree

from flows.sandbox.mailbox import printable
from flows.sandbox.messages import Message, joined
from flows.sandbox.scenario import Naming, Reporting

PLATFORM = "CPP001"
LIFE_CYCLE = "FEN1200A"
INTEGRATED, REJECTED, PARTIAL = 90, 93, 96
COMPLEMENT_LENGTH = 40
UNKNOWN_PARTNER = "INCONNU"

_FLOW_LABELS = {INTEGRATED: "Reçu", REJECTED: "Erreur réception"}
_FLOW_LABELS |= {PARTIAL: "Reçu - intégration partielle"}
_LIFE_LABELS = {
    1: "Déposée",
    2: "En cours d'acheminement",
    3: "Mise à disposition du destinataire",
    4: "Rejetée - erreur données acheminement",
    5: "Rejetée",
    6: "Suspendue",
    7: "Service fait",
    8: "Mandatée",
    9: "Mise à disposition du comptable",
    10: "Comptabilisée",
    11: "Mise en paiement",
    12: "Complétée",
}


@dataclass(frozen=True, slots=True)
class RefusedMember:
    """A member of a flow that is not integrated."""

    flow_id: str
    file_name: str
    number: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class FlowVerdict:
    """The outcome of a flow, as far as its report needs it.

    Attributes:
        flow_id: id of the flow (25 characters), or what stood in its place.
        application: partner code of the emitter; empty when the name was not readable.
        member_ids: ids of all members, in order.
        refused: members that are not integrated.
        irrecevable: why the whole flow is refused, if it is.
    """

    flow_id: str
    application: str
    member_ids: tuple[str, ...] = ()
    refused: tuple[RefusedMember, ...] = ()
    irrecevable: Message | None = None

    @property
    def status(self) -> int:
        """Flow status: 90 integrated, 96 in part, 93 refused."""
        if self.irrecevable is not None or len(self.refused) == len(self.member_ids):
            return REJECTED
        return PARTIAL if self.refused else INTEGRATED


@dataclass(frozen=True, slots=True)
class InvoiceStatus:
    """One life-cycle status of one invoice."""

    status: int
    supplier_type: int
    supplier: str
    supplier_name: str
    buyer: str
    buyer_name: str
    service: str
    number: str
    issued: date | None
    at: datetime
    comment: str = ""


def return_name(interface: str, sequence: int) -> tuple[str, str]:
    """Return the file name of a return flow and its flow id."""
    flow_id = f"{PLATFORM}{interface[3:7]}{sequence:015d}"
    return f"{interface}_{PLATFORM}_{flow_id}", flow_id


def pack(
    content: bytes, name: str, compression: Literal["none", "gzip", "tar.gz"], at: datetime
) -> bytes:
    """Return the bytes of a return file."""
    if compression == "none":
        return content
    if compression == "gzip":
        return gzip.compress(content, mtime=0)
    member = tarfile.TarInfo(f"{name}.xml")
    member.size, member.mtime, member.mode = len(content), int(at.timestamp()), 0o644
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def integration_report(
    verdict: FlowVerdict,
    *,
    report_id: str,
    at: datetime,
    manner: Reporting,
    naming: Naming,
    status: int | None = None,
) -> bytes:
    """Return the XML of an integration report.

    Args:
        verdict: what the judge found.
        report_id: flow id of the report itself.
        at: time of the statuses.
        manner: separator, cut, offset.
        naming: how a refused invoice is named (see :data:`~flows.sandbox.scenario.Naming`).
        status: code to write for the flow instead of the true one.
    """
    root = _document(report_id, at, verdict.application)
    if naming == "unit" and verdict.irrecevable is None:
        refused = {member.flow_id: member for member in verdict.refused}
        units = [
            (member_id, REJECTED if member_id in refused else INTEGRATED, refused.get(member_id))
            for member_id in verdict.member_ids
        ]
        parent = etree.SubElement(root, "CPPFluxStatuts", compteur=str(len(units)))
        for order, (member_id, code, member) in enumerate(units, 1):
            lines = [_line(member, manner, naming)] if member else []
            _flow_unit(
                parent, order, member_id, code if status is None else status, at, manner, lines
            )
        return _bytes(root)
    lines = [_line(member, manner, naming) for member in verdict.refused]
    if verdict.irrecevable is not None:
        message = verdict.irrecevable
        lines = [(message.nature, message.code, joined((message,), "", manner.cut_at), "")]
    parent = etree.SubElement(root, "CPPFluxStatuts", compteur="1")
    code = verdict.status if status is None else status
    _flow_unit(parent, 1, verdict.flow_id, code, at, manner, lines)
    return _bytes(root)


_Line = tuple[str, str, str, str]  # nature, code, text, description


def _line(member: RefusedMember, manner: Reporting, naming: Naming) -> _Line:
    messages = member.messages
    text = joined(messages, manner.separator, 0)
    if naming == "text":
        # A member whose number cannot be read can only be called by its file name.
        called = f"Facture {member.number}" if member.number else f"Fichier {member.file_name}"
        text = f"{called} : {text}" if member.number or member.file_name else text
    text = text[: manner.cut_at] if manner.cut_at else text
    description = member.file_name if naming == "line" else ""
    return messages[0].nature, messages[0].code, text, description


def _flow_unit(
    parent: etree._Element,
    order: int,
    flow_id: str,
    status: int,
    at: datetime,
    manner: Reporting,
    lines: Sequence[_Line],
) -> None:
    unit = etree.SubElement(parent, "CPPFluxStatutUnitaire", NumOrdre=str(order))
    data = etree.SubElement(unit, "DonneesStatut")
    _add(data, "IdStatut", str(status))
    _add(data, "ComplementStatut", _FLOW_LABELS.get(status, "Statut")[:COMPLEMENT_LENGTH])
    _add(data, "Horodatage", _stamp(at, manner))
    _add(data, "IdFlux", flow_id)
    if lines:
        details = etree.SubElement(data, "Details", NbLignesErreur=str(len(lines)))
        for number, (nature, code, text, description) in enumerate(lines, 1):
            line = etree.SubElement(details, "LigneErreurDetail", IdLigne=str(number))
            _add(line, "NatureErreur", nature)
            _add(line, "CodeErreur", code)
            _add(line, "LibelleErreur", text)
            _add(line, "DescriptionErreur", description)


def life_cycle(
    statuses: Sequence[InvoiceStatus],
    *,
    application: str,
    report_id: str,
    at: datetime,
    manner: Reporting,
) -> bytes:
    """Return the XML of a life-cycle flow with one or more invoice statuses."""
    root = _document(report_id, at, application)
    parent = etree.SubElement(root, "CPPFactureStatuts", compteur=str(len(statuses)))
    for order, status in enumerate(statuses, 1):
        unit = etree.SubElement(parent, "CPPFactureStatutUnitaire", NumOrdre=str(order))
        supplier = etree.SubElement(unit, "Fournisseur")
        _add(supplier, "TypeIdentifiant", str(status.supplier_type))
        _add(supplier, "Identifiant", status.supplier)
        _add(supplier, "RaisonSociale", status.supplier_name or status.supplier)
        debtor = etree.SubElement(unit, "Debiteur")
        _add(debtor, "TypeIdentifiant", "1")
        _add(debtor, "Identifiant", status.buyer)
        _add(debtor, "Nom", status.buyer_name)
        _add(debtor, "CodeService", status.service)
        data = etree.SubElement(unit, "DonneesStatut")
        _add(data, "IdStatut", f"{status.status:02d}")
        _add(data, "ComplementStatut", _LIFE_LABELS.get(status.status, ""))
        _add(data, "Commentaire", status.comment)
        _add(data, "Horodatage", _stamp(status.at, manner))
        _add(data, "IdFacture", status.number)
        _add(data, "DateFacture", status.issued.isoformat() if status.issued else "")
    return _bytes(root)


def _document(report_id: str, at: datetime, receiver: str) -> etree._Element:
    root = etree.Element("CPPStatut", Version="V1_19")
    unit = etree.SubElement(etree.SubElement(root, "Enveloppe"), "EnveloppeUnitaire", NumOrdre="1")
    parameters = etree.SubElement(unit, "Parametres")
    for order, (code, value) in enumerate((("DtPrd", f"{at:%Y-%m-%d}"), ("IdFlx", report_id)), 1):
        parameter = etree.SubElement(parameters, "ParametreIndiv", NumOrdre=f"{order:04d}")
        _add(parameter, "Code", code)
        _add(parameter, "Valeurparametre", value)
    partners = etree.SubElement(unit, "Partenaires")
    for role, code, label in (
        ("Recepteur", receiver or UNKNOWN_PARTNER, receiver),
        ("Emetteur", PLATFORM, "CPP"),
    ):
        partner = etree.SubElement(partners, role)
        _add(partner, "Id", code)
        _add(partner, "Libelle", label)
    return root


def _add(parent: etree._Element, tag: str, text: str) -> None:
    """Add a child with a text; nothing when the text is empty."""
    if text:
        etree.SubElement(parent, tag).text = printable(text)


def _stamp(at: datetime, manner: Reporting) -> str:
    return (at if manner.offset else at.replace(tzinfo=None)).isoformat(timespec="milliseconds")


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
