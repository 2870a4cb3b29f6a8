"""Text of documents: its encoding, and the characters that no invoice can hold."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from config.profile import Format
from transforms.finding import Finding, Location, Severity

#: Bytes that are no text under the declared encoding (kept as lone surrogates), control characters,
#: which XML 1.0 refuses, and the byte-order mark.
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
#: Error handler of decoders: undecodable bytes become lone surrogates that remember them.
KEEP_BYTES = "chorus-flows.keep-bytes-of-documents"
_BYTE_BASE = 0xDC00


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    kept = "".join(chr(_BYTE_BASE + byte) for byte in error.object[error.start : error.end])
    return kept, error.end


codecs.register_error(KEEP_BYTES, _keep_bytes)


def fault_of(text: str, place: Location, encoding: str) -> Finding | None:
    """Return XT-BYTE-01 or XT-CONTROL-01 when ``text`` holds such a character."""
    found = BAD.search(text)
    if found is None:
        return None
    code = ord(found.group())
    is_byte = _BYTE_BASE <= code < _BYTE_BASE + 256
    return Finding(
        "XT-BYTE-01" if is_byte else "XT-CONTROL-01",
        Severity.ERROR,
        place,
        value=BAD.sub("\ufffd", text),
        params={
            "byte": f"0x{code - _BYTE_BASE:02X}" if is_byte else f"U+{code:04X}",
            "encoding": encoding,
        },
    )


def settled_encoding(stream: BinaryIO, layout: Format, declared: str = "") -> str:
    """Return the encoding of a text that can be read twice, as ``layout`` and the text itself say.

    With ``auto``: as the byte-order mark says; else UTF-8, where the whole text is of it and holds
    more than ASCII; else ``declared``, where it is of that; else the fallback.
    """
    if layout.encoding != "auto":
        return "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    start = stream.tell()
    head = stream.read(4)
    try:
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        # Text of another encoding is hardly ever UTF-8 by chance, whatever a header declares.
        for name, meant in (("ascii", declared or "utf-8"), ("utf-8", "utf-8"), (declared,) * 2):
            stream.seek(start)
            if name and _is_of(stream, name):
                return meant
        return layout.fallback_encoding
    finally:
        stream.seek(start)


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 16
#: What bytes of Windows become under ISO 8859: no text holds these characters.
_C1 = re.compile("[\x80-\x9f]")


def _is_of(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(_CHUNK):
            if _C1.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
