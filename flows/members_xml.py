"""What is in a flow, read from its XML: for one that has no file of members beside it.

The XML knows who, what and how much, but not from which line of which extract, nor what the
extract said word for word: such an invoice holds its number, and its content cannot be compared.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import replace
from pathlib import Path

from config.settings import Settings
from flows.members import FlowContents, MembersError, RunFacts
from schemas.written import open_written
from transforms.identity import identity_of
from transforms.naming import MEMBER_EXTENSION, NamingError, parse_name
from transforms.outcome import BuiltFlow, Fate, InvoiceOutcome, Span
from transforms.unbundle import GZIP_MAGIC, UnbundleError, read_bundle

_BLOCK = 1 << 20


def read_from_xml(path: Path, settings: Settings) -> FlowContents:
    """Return what the XML of a flow says of its invoices.

    Args:
        path: the flow, in the folder of its run.
        settings: environment and identity.

    Raises:
        MembersError: it cannot be unpacked, or bears no name of ours.
    """
    try:
        name = parse_name(path.name)
        sha256, content_sha256 = _hashes(path)
        place = Span(file=path.name, file_sha256=sha256, first_line=0, last_line=0)
        members: list[InvoiceOutcome] = []
        with path.open("rb") as stream:
            for member, xml in read_bundle(stream, name=path.name):
                if member == path.name or member.endswith(MEMBER_EXTENSION):
                    rank = len(members) + 1
                    outcome = InvoiceOutcome(
                        position=rank - 1,
                        span=replace(place, first_line=rank, last_line=rank),
                        fate=Fate.BUNDLED,
                        flow_id=name.flow_id,
                        member_id=parse_name(member).flow_id,
                    )
                    members.append(_told(outcome, xml, settings))
        size = path.stat().st_size
    except (OSError, EOFError, zlib.error, UnbundleError, NamingError) as error:
        raise MembersError(f"{path.name}: {error}") from error
    return FlowContents(
        RunFacts(path.parent.name),
        BuiltFlow(
            flow_id=name.flow_id,
            file_name=path.name,
            interface=name.interface,
            path=f"{path.parent.name}/{path.name}",
            size=size,
            sha256=sha256,
            content_sha256=content_sha256,
            invoices=len(members),
        ),
        tuple(members),
        None,
        (settings.environment.value, "", name.application_code),
        whole=False,
    )


def _told(outcome: InvoiceOutcome, xml: bytes, settings: Settings) -> InvoiceOutcome:
    """Return a member with what its XML says; of what is no invoice, nothing more is known."""
    # Either syntax is read, whichever is expected.
    reading = open_written(xml, file=outcome.span.file, syntax="cii").reading
    if reading is None:
        return outcome
    invoice = reading.invoice
    return replace(
        outcome,
        number=invoice.number,
        identity=identity_of(
            invoice, environment=settings.environment.value, settings=settings.identity
        ),
        type_code=invoice.type_code,
        issue_date=invoice.issue_date,
        currency=invoice.currency,
        total=invoice.totals.with_vat,
        buyer_id=invoice.buyer.legal_id.value if invoice.buyer.legal_id else None,
        buyer_name=invoice.buyer.name,
        service_code=invoice.buyer_reference,
        engagement=invoice.order.number if invoice.order else None,
    )


def _hashes(path: Path) -> tuple[str, str]:
    """Return the SHA-256 of a flow file, and of what is in it before compression."""
    whole, content = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as stream:
        packed = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        stream.seek(0)
        for block in iter(lambda: stream.read(_BLOCK), b""):
            whole.update(block)
        if not packed:
            return whole.hexdigest(), whole.hexdigest()
        stream.seek(0)
        with gzip.GzipFile(fileobj=stream) as unpacked:
            for block in iter(lambda: unpacked.read(_BLOCK), b""):
                content.update(block)
    return whole.hexdigest(), content.hexdigest()
