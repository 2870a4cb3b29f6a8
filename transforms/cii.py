"""Write an invoice as a Cross Industry Invoice, UN/CEFACT D16B (Chorus Pro flow FSO1106A).

The writer puts down what the invoice holds, in the order of the schema, and leaves out what is
absent: whether something necessary is missing is for the rules and the XSD gate to say. It emits
only elements of D16B (AIFE's schema for FSO1106A, "CII 16B"). Same invoice, same target: same
bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from config.target import Target, TargetOptions
from transforms.cii_agreement import render_agreement, render_delivery
from transforms.cii_line import render_line
from transforms.cii_settlement import render_settlement
from transforms.cii_value import dated
from transforms.invoice import Invoice, Note
from transforms.writable import check_attachments
from transforms.xml_text import (
    DECLARATION,
    UnwritableError,
    element,
    stylesheet_instruction,
    wrap,
)

if TYPE_CHECKING:
    from transforms.attachments import EncodedAttachment

RSM: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM: Final = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
QDT: Final = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
UDT: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"

_ROOT = (
    f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}"'
    f' xmlns:qdt="{QDT}" xmlns:udt="{UDT}">'
)


def render_cii(
    invoice: Invoice,
    target: Target,
    *,
    attachments: Sequence[EncodedAttachment] = (),
    stylesheet: str | None = None,
) -> bytes:
    """Return ``invoice`` as a CII D16B document: UTF-8, no byte order mark, XML declaration.

    Args:
        invoice: what to write.
        target: its options choose between the specification's alternatives.
        attachments: one for each document of the invoice that is a file, encoded.
        stylesheet: name of an XSL that goes with the flow.

    Raises:
        UnwritableError: a number is not finite, a file is not among the attachments, or there is
            more than one preceding invoice (D16B has room for one only).
    """
    check_attachments(invoice, attachments)
    if len(invoice.preceding) > 1:
        msg = f"CII D16B holds one preceding invoice, not {len(invoice.preceding)}"
        raise UnwritableError(msg)
    options = target.options
    return "".join(
        (
            DECLARATION,
            stylesheet_instruction(stylesheet),
            _ROOT,
            _context(invoice, options),
            _document(invoice),
            "<rsm:SupplyChainTradeTransaction>",
            *[render_line(line, options) for line in invoice.lines],
            render_agreement(invoice, options, attachments),
            render_delivery(invoice),
            render_settlement(invoice, options),
            "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n",
        )
    ).encode()


def _context(invoice: Invoice, options: TargetOptions) -> str:
    specification = invoice.specification or options.specification
    content = wrap(
        "ram:BusinessProcessSpecifiedDocumentContextParameter", element("ram:ID", invoice.process)
    ) + wrap("ram:GuidelineSpecifiedDocumentContextParameter", element("ram:ID", specification))
    return f"<rsm:ExchangedDocumentContext>{content}</rsm:ExchangedDocumentContext>"


def _document(invoice: Invoice) -> str:
    return (
        "<rsm:ExchangedDocument>"
        f"{element('ram:ID', invoice.number)}{element('ram:TypeCode', invoice.type_code)}"
        f"{dated('ram:IssueDateTime', invoice.issue_date)}"
        f"{''.join([_note(note) for note in invoice.notes])}</rsm:ExchangedDocument>"
    )


def _note(note: Note) -> str:
    return wrap(
        "ram:IncludedNote",
        element("ram:Content", note.text) + element("ram:SubjectCode", note.subject_code),
    )
