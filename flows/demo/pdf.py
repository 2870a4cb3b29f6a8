"""A PDF of one page and a few lines of text, small and always the same."""

from __future__ import annotations

from collections.abc import Sequence

_LINE_HEIGHT = 18
_TOP = 780


def pdf(lines: Sequence[str]) -> bytes:
    """Return a valid PDF 1.4 that shows ``lines``, the first one as a title."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        _stream(_page(lines)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    content = b"%PDF-1.4\n"
    offsets = []
    for rank, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj" % rank + body + b"endobj\n"
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return content + b"startxref\n%d\n%%%%EOF\n" % start


def _page(lines: Sequence[str]) -> bytes:
    parts = []
    for rank, line in enumerate(lines):
        size = 11 if rank else 15
        text = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        place = f"/F {size} Tf 60 {_TOP - rank * _LINE_HEIGHT} Td"
        parts.append(f"BT {place} ({text}) Tj ET".encode("cp1252", "replace"))
    return b"\n".join(parts)


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n" % len(data) + data + b"\nendstream"
