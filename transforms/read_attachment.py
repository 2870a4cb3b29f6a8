"""The bytes of an attachment, from the base64 that an XML invoice carries."""

from __future__ import annotations

import base64

from transforms.xml_node import Node, ReadError


def decode_attachment(node: Node, encoded: str, place: str) -> bytes | None:
    """Return the bytes that ``encoded`` stands for; ``place`` names them in an error.

    A tolerant reader has None for what cannot be decoded.

    Raises:
        ReadError: it is no base64, and the reader is strict.
    """
    try:
        return base64.b64decode(encoded, validate=False)
    except ValueError as error:  # binascii.Error, or a character beyond ASCII
        if not node.group.notes.strict:
            return None
        msg = f"{place}: {error}"
        raise ReadError(msg) from error
