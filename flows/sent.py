"""What was sent: the XML of a flow, read back from the file that the outbox keeps of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from flows.ledger import FlowRecord
from transforms.naming import MEMBER_EXTENSION, parse_name
from transforms.unbundle import DEFAULT_LIMITS, Limits, read_bundle


def sent_members(
    outbox: Path, flow: FlowRecord, limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[str, bytes]]:
    """Yield the invoices of a flow as (member id, XML), one at a time; a stylesheet is left out.

    Args:
        outbox: folder the flows' paths are relative to.
        flow: archive, or one XML, which then has the flow's own id.
        limits: what the file may unpack to.

    Raises:
        OSError: while iterating: the file is gone or cannot be read.
        UnbundleError: while iterating: it cannot be unpacked.
        NamingError: while iterating: a member bears no name of ours.
    """
    with (outbox / flow.path).open("rb") as stream:
        for name, xml in read_bundle(stream, limits, name=flow.file_name):
            if name == flow.file_name:
                yield flow.flow_id, xml
            elif name.endswith(MEMBER_EXTENSION):
                yield parse_name(name).flow_id, xml


def is_as_built(outbox: Path, flow: FlowRecord) -> bool:
    """Whether the outbox still holds the bytes that were built and recorded.

    Raises:
        OSError: the file is gone or cannot be read.
    """
    with (outbox / flow.path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == flow.sha256
