"""Controls on the documents that travel inside an invoice (BG-24).

Limits: AIFE, "Pièces jointes dans Chorus Pro : quelques règles à respecter"; name of 50
characters by the pivot schema V2_02; content as a ZIP of one file by the samples FSO1116A (2018).
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator

from lxml import etree

from flows.sandbox.invoice_view import InvoiceView
from flows.sandbox.messages import Message, refused, required, too_long, wrong
from flows.sandbox.scenario import Checks

NAME_LENGTH = 50
MAX_BYTES = 10_000_000  # one document, decoded
MAX_INVOICE_BYTES = 120_000_000  # the invoice with its documents
_EXTENSIONS = (
    "bmp gif fax odt ppt tiff xls bz2 gz jpeg p7s rtf txt xml csv gzip jpg pdf svg xhtml xlsx"
    " doc htm odp png tgz xlc zip docx html ods pps tif xlm pptx"
)
EXTENSIONS = frozenset(_EXTENSIONS.split())


def judge_attachments(view: InvoiceView, checks: Checks) -> Iterator[Message]:
    """Yield what is wrong with the documents of an invoice."""
    total = 0
    for document in view.elements("attachment"):
        content = view.elements("attachment_content", document)
        yield from _name(view, document, content)
        try:
            data = base64.b64decode("".join((content[0].text or "").split()), validate=True)
        except (binascii.Error, IndexError):
            yield refused("010", "La piece jointe n'est pas en base64")
            continue
        total += len(data)
        if not data:
            yield refused("011", "La piece jointe est vide")
        elif len(data) >= MAX_BYTES:
            yield refused("012", "La taille de la piece jointe depasse 10 Mo")
        elif checks.attachments == "zip" and not _zip_of_one(data):
            yield refused("013", "La piece jointe doit etre un ZIP contenant un seul fichier")
    if total > MAX_INVOICE_BYTES:
        yield refused("014", "La taille de la facture et de ses pieces jointes depasse 120 Mo")


def _name(
    view: InvoiceView, document: etree._Element, content: list[etree._Element]
) -> Iterator[Message]:
    name, path = view.text("attachment_name", document), view.path("attachment_name")
    if view.syntax == "ubl" and content:
        name = content[0].get("filename") or name
    if not name:
        yield required("025", path)
        return
    if len(name) > NAME_LENGTH:
        yield too_long("026", path, "nom de la piece jointe", NAME_LENGTH)
    if name.rpartition(".")[2].lower() not in EXTENSIONS or "." not in name:
        yield wrong("027", path, name)


def _zip_of_one(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return len(archive.infolist()) == 1
    except zipfile.BadZipFile:
        return False
