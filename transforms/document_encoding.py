"""Encoding of documents: EDIFACT declares a character set, flat IDocs do not."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from config.profile import Format
from transforms.sniffing import encoding_of

_CHUNK = 1 << 16
#: What bytes of Windows become under ISO 8859: no text holds these characters.
_C1 = re.compile("[\x80-\x9f]")


def settled_encoding(stream: BinaryIO, layout: Format, declared: str = "") -> str:
    """Return the encoding of a file, as ``layout`` and the text itself say.

    With ``auto``: ``declared`` for plain ASCII; else UTF-8 or UTF-16 where the text is plainly of
    it (``transforms.sniffing``), for text of another encoding is hardly ever so by chance; else
    ``declared``, where the whole text is of it; else the fallback.

    Args:
        stream: seekable, at its beginning; it is left there.
        declared: codec of the set that the file says it is of; empty when it says none.

    Raises:
        TableError: the file is UTF-32.
    """
    if layout.encoding != "auto":
        return layout.encoding
    if declared and _is_of(stream, "ascii"):
        return declared
    found = encoding_of(stream, layout).encoding
    if found.startswith("utf-") or not declared:
        return found
    return declared if _is_of(stream, declared) else layout.fallback_encoding


def _is_of(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK):
            if _C1.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True
