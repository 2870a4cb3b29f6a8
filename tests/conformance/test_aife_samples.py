"""Every official AIFE sample can be expressed: read, written again, nothing lost unnamed."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from lxml import etree

from config.target import Target, load_target
from tests.support.coverage import Coverage
from tests.support.sample_invoices import SAMPLES, attachments_of
from tests.support.target_alternatives import alternatives, label
from transforms.attachments import EncodedAttachment, encode
from transforms.cii import render_cii
from transforms.invoice import Invoice
from transforms.read_cii import NAMESPACES, parse_cii, read_cii
from transforms.writable import has_file

pytestmark = pytest.mark.conformance


@dataclass(frozen=True)
class Reason:
    """Why a value of a sample is deliberately not written; any other loss fails the run."""

    flow: str
    path: str
    short: str
    why: str

    def covers(self, sample: str, path: str) -> bool:
        return sample.startswith(self.flow) and re.search(self.path, path) is not None


_GROSS = "GrossPriceProductTradePrice"
REASONS = (
    Reason(
        "FSO1116A",
        f"{_GROSS}/ChargeAmount$",
        "price twice",
        "the samples of 2018 label the gross price HT and the net price TTC; EN 16931 has one unit"
        " price, without VAT (BT-146), which is what the net price is for",
    ),
    Reason(
        "FSO1117A",
        f"{_GROSS}/ChargeAmount$",
        "gross price",
        "a gross price without an allowance says nothing, and Chorus Pro refuses one without"
        " ActualAmount beside it",
    ),
    Reason(
        "FSO1117A",
        f"{_GROSS}/AppliedTradeAllowanceCharge/ActualAmount$",
        "allowance of 0",
        "an allowance of 0 on the gross price is none",
    ),
    Reason(
        "",
        f"{_GROSS}/ChargeAmount/@currencyID$",
        "currency of a price",
        "a price is in the currency of the invoice (BT-5)",
    ),
    Reason(
        "FSO1117A_EN16931_P02",
        "InvoiceeTradeParty/SpecifiedLegalOrganization/ID/@schemeID$",
        "second schemeID",
        "the sample mixes schemeIDs 1 and 0002 for SIRETs; a target has one (the SIRET itself is"
        " written)",
    ),
)

_NUMERIC = re.compile(r"(Amount|Quantity|Percent)$")
_ATTACHED = "AttachmentBinaryObject"


def target_of(root: etree._Element) -> Target:
    """Return ``chorus_direct`` with the alternatives that a sample has chosen."""

    def scheme(*parties: str) -> str | None:
        for party in parties:
            path = f".//ram:{party}/ram:SpecifiedLegalOrganization/ram:ID/@schemeID"
            for found in root.xpath(path, namespaces=NAMESPACES):
                return str(found)
        return None

    seller = scheme("SellerTradeParty")
    others = scheme("InvoiceeTradeParty", "PayeeTradeParty")
    sirets = ("1", "0002", "0009")
    siret = seller if seller in sirets else others or "1"
    overrides: dict[str, str | bool | int] = {"siret_scheme": siret}
    if (buyer := scheme("BuyerTradeParty")) is not None:
        overrides["buyer_siret_scheme"] = buyer
    if seller in ("RIDET", "4"):
        overrides["ridet_scheme"] = seller
    if root.find(".//udt:IndicatorString", NAMESPACES) is not None:
        overrides["cii_indicator"] = "IndicatorString"
    return load_target("chorus_direct", overrides=overrides)


def unpacked(invoice: Invoice) -> tuple[Invoice, tuple[EncodedAttachment, ...]]:
    """Return the invoice with the files themselves, and these encoded as the pipeline does.

    AIFE's samples carry a ZIP of one file. Where the document is itself named as a ZIP, that is
    the file.
    """
    documents, encoded = [], []
    for one in invoice.documents:
        assert has_file(one)
        assert one.content is not None
        if (one.filename or "").endswith(".zip"):
            documents.append(one)
            encoded.append(encode(one, encoding="bare"))
        else:
            document = replace(one, content=member_of(one.content))
            documents.append(document)
            encoded.append(encode(document, encoding="zip"))
    return replace(invoice, documents=tuple(documents)), tuple(encoded)


def member_of(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (name,) = opened.namelist()
        return opened.read(name)


def leaves(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield (path without index, value) of every value: texts of leaves and attributes."""
    for node in root.iter(etree.Element):
        steps = [etree.QName(one).localname for one in (node, *node.iterancestors())]
        path = "/".join(reversed(steps))
        for name, value in node.attrib.items():
            if value.strip() and not name.startswith("{"):
                yield f"{path}/@{name}", value
        if any(True for _ in node.iterchildren(etree.Element)):
            continue
        text = "".join(node.itertext(etree.Element)).strip()
        if text:
            yield path, comparable(path, text)


def comparable(path: str, text: str) -> str:
    """Return numbers by value, and an attachment by the file inside; other texts as they are."""
    if path.endswith(_ATTACHED):
        content = base64.b64decode(text)
        return member_of(content).hex()
    if _NUMERIC.search(path):
        try:
            return str(Decimal(text).normalize() + 0)
        except InvalidOperation:
            return text
    return text


def reason_for(sample: str, path: str) -> Reason | None:
    return next((reason for reason in REASONS if reason.covers(sample, path)), None)


def test_all_official_samples_are_there(data_folder: Path) -> None:
    folders = data_folder / "chorus"
    assert len(list((folders / "aife_FSO1116A_E2_CII16B").glob("*.xml"))) == 36
    assert len(list((folders / "aife_FSO1117A_facturx_en16931").glob("*.xml"))) == 24


def test_sample_is_carried_and_what_is_not_is_named(
    aife_sample: Path, d16b: etree.XMLSchema, coverage: Coverage
) -> None:
    root = parse_cii(aife_sample.read_bytes())
    invoice, attachments = unpacked(read_cii(root))
    written = etree.fromstring(render_cii(invoice, target_of(root), attachments=attachments))

    expected, found = Counter(leaves(root)), Counter(leaves(written))
    lost = expected - found
    reasons = Counter(reason_for(aife_sample.stem, path) for path, _ in lost.elements())
    unnamed = [leaf for leaf in lost if reason_for(aife_sample.stem, leaf[0]) is None]
    named = [(reason, count) for reason, count in reasons.items() if reason]
    carried = f"{expected.total() - lost.total()}/{expected.total()}"
    told = ", ".join(f"{reason.short} ({count})" for reason, count in named)
    coverage.rows.append((aife_sample.stem, carried, told))
    coverage.legend.update({reason.short: reason.why for reason, _ in named})

    assert unnamed == []
    d16b.validate(written)
    assert [str(error) for error in d16b.error_log] == []


def test_reading_what_was_written_gives_the_same_invoice(aife_sample: Path) -> None:
    root = parse_cii(aife_sample.read_bytes())
    invoice, attachments = unpacked(read_cii(root))
    again = read_cii(parse_cii(render_cii(invoice, target_of(root), attachments=attachments)))
    again, _ = unpacked(again)
    assert plain(again) == plain(invoice)


def plain(invoice: Invoice) -> Invoice:
    """Return the invoice without what the writer adds or leaves out on purpose."""
    lines = tuple(
        replace(line, price=replace(line.price, gross=None, discount=None))
        for line in invoice.lines
    )
    documents = tuple(replace(one, kind=one.kind or "ZZZ") for one in invoice.documents)
    return replace(invoice, specification=None, lines=lines, documents=documents)


@pytest.mark.parametrize("target_name", ["chorus_direct", "en16931"])
@pytest.mark.parametrize("name", SAMPLES)
def test_own_sample_is_valid_against_d16b(
    name: str, target_name: str, d16b: etree.XMLSchema
) -> None:
    assert_valid(SAMPLES[name], load_target(target_name), d16b)


@pytest.mark.parametrize("override", alternatives(), ids=label)
def test_every_alternative_of_a_target_is_valid_against_d16b(
    override: dict[str, str | bool], d16b: etree.XMLSchema
) -> None:
    target = load_target("chorus_direct", overrides=override)
    for invoice in SAMPLES.values():
        assert_valid(invoice, target, d16b)


def assert_valid(invoice: Invoice, target: Target, d16b: etree.XMLSchema) -> None:
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    written = etree.fromstring(render_cii(invoice, target, attachments=attachments))
    d16b.validate(written)
    assert [str(error) for error in d16b.error_log] == []
