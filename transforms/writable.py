"""What an invoice holds that the XML of a syntax cannot carry.

The writers write what they can, and refuse (``UnwritableError``) rather than lose a part; asking
here first turns both into findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal

from transforms import invoice as model
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice, SupportingDocument
from transforms.xml_text import ILLEGAL, UnwritableError

if TYPE_CHECKING:
    from transforms.attachments import EncodedAttachment

_NO_TEXT: Final = frozenset({"provenance", "content"})

#: The fields of each part of the model that may hold text, by type of part.
_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind) if field.name not in _NO_TEXT)
    for kind in vars(model).values()
    if isinstance(kind, type) and is_dataclass(kind)
}

#: Gives all these fields at once: the scan runs for every invoice, and this is the quick way.
_VALUES: Final[dict[type, Callable[[object], tuple[object, ...]]]] = {
    kind: attrgetter(*names) for kind, names in _FIELDS.items() if len(names) > 1
}


def check_writable(invoice: Invoice, syntax: Literal["cii", "ubl"]) -> tuple[Finding, ...]:
    """Return what ``invoice`` holds that cannot be written.

    ``WR-CHARS-01`` (warning): characters XML has no place for; they are left out.
    ``WR-PRECEDING-01`` (CII): several preceding invoices (BG-3); D16B has room for one.
    """
    found = list(_illegal_characters(invoice)) if _any_illegal(invoice) else []
    if syntax == "cii" and len(invoice.preceding) > 1:
        numbers = ", ".join(one.number or "?" for one in invoice.preceding)
        where = invoice.locate("BT-25")
        found.append(Finding("WR-PRECEDING-01", Severity.FATAL, where, "BT-25", numbers))
    return tuple(found)


def has_file(document: SupportingDocument) -> bool:
    """Whether a supporting document is a file to attach (and not a mere reference)."""
    return document.filename is not None or document.content is not None


def check_attachments(invoice: Invoice, attachments: Sequence[EncodedAttachment]) -> None:
    """Refuse to write an invoice without its files.

    Raises:
        UnwritableError: the invoice has not as many files as there are attachments.
    """
    files = sum(map(has_file, invoice.documents))
    if files != len(attachments):
        msg = f"the invoice has {files} files to attach, {len(attachments)} are given"
        raise UnwritableError(msg)


def _illegal_characters(invoice: Invoice) -> Iterator[Finding]:
    for path, text in _texts(invoice, ""):
        characters = sorted({f"U+{ord(char):04X}" for char in ILLEGAL.findall(text)})
        if characters:
            yield Finding(
                "WR-CHARS-01",
                Severity.WARNING,
                invoice.locate(None),
                value=text,
                params={"field": path, "characters": ", ".join(characters)},
            )


def _any_illegal(part: object) -> bool:
    values = part if isinstance(part, tuple) else _VALUES[type(part)](part)
    for one in values:
        if one is None:
            continue
        if type(one) is str:
            if ILLEGAL.search(one) is not None:
                return True
        elif (type(one) in _VALUES or type(one) is tuple) and _any_illegal(one):
            return True
    return False


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of ``value`` with its path in the model."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for rank, part in enumerate(value, start=1):
            yield from _texts(part, f"{path}[{rank}]")
    else:
        for name in _FIELDS.get(type(value), ()):
            yield from _texts(getattr(value, name), f"{path}.{name}" if path else name)
