"""Documents of ERPs against what they should come to: EDIFACT twins of CII, the canonical IDoc."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from config.company import Company
from flows.extracts import ExtractFile, load_profile, read_extracts
from transforms.finding import Finding
from transforms.invoice import Invoice, InvoiceLine
from transforms.mapping import Mapper
from transforms.read_cii import read_cii
from transforms.read_ubl import read_ubl

pytestmark = pytest.mark.conformance

ALPHA = Company.model_validate(
    {
        "seller": {"name": "ALPHA INDUSTRIE SA", "siret": "12345678200010"},
        "vat_codes": {
            "A2": {"category": "S", "rate": "20"},
            "A3": {"category": "S", "rate": "10"},
            "A4": {"category": "S", "rate": "5.5"},
            "A0": {"category": "E", "rate": "0", "reason_code": "VATEX-EU-132-1I"},
        },
    }
)

#: Where a twin and the message are meant to differ, or the twin has more than the message.
ELSEWHERE = re.compile(
    r"process|specification|subject_code|legal_id\.|transfers\[1\]|standard_id\.scheme|classifications"
    r"|documents|object_id|base_unit|\.unit$|vat_id|payment\.transfers\[0\]\.account_name"
    r"|identifiers\[0\]\.scheme|location_id\.scheme"
)
#: Differences of one example: mistakes of a twin or of the message, each looked at.
KNOWN = {
    # Given back at a positive quantity: our price has no sign, so that the quantity has it.
    "1": {".lines[19].quantity"},
    # The CII gives the start as end, the amount as base quantity; 2.75 less 2.48 is no 0.275.
    "2": {".lines[0].period.end", ".lines[2].price.discount"}
    | {f".lines[{rank}].price.base_quantity" for rank in range(5)},
    # The UBL has other codes, no VAT point date, and one note more.
    "5": {
        ".allowances[0].reason_code",
        ".lines[0].allowances[0].reason_code",
        ".lines[1].note",
        ".notes[0].text",
        ".notes[1].text",
        ".payment.means_code",
        ".tax_point_date",
    },
    "8": {".tax_point_date"},
    "9": {".lines[0].period.end", ".lines[0].price.base_quantity"},
}


def mapped(
    path: Path, profile: str, company: Company, folder: Path
) -> Iterator[tuple[Invoice, tuple[Finding, ...]]]:
    loaded = load_profile(profile)
    mapper = Mapper(loaded, company)
    reading = read_extracts([ExtractFile(path, path.name, "0" * 64)], loaded, spill_folder=folder)
    for rows in reading:
        found = mapper.map(rows)
        yield found.invoice, (*rows.findings, *found.findings)
    assert not reading.orphan_findings


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of an invoice that is there, by its place."""
    if dataclasses.is_dataclass(value):
        for item in dataclasses.fields(value):
            if item.name != "provenance":
                yield from flat(getattr(value, item.name), f"{place}.{item.name}")
    elif isinstance(value, tuple):
        for rank, item in enumerate(value):
            yield from flat(item, f"{place}[{rank}]")
    elif isinstance(value, Decimal):
        yield place, value.normalize()
    elif value is not None:
        yield place, " ".join(value.split()) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def twins(data_folder: Path) -> dict[str, Invoice]:
    """The same invoices as CII, or else as UBL."""
    found: dict[str, Invoice] = {}
    with (data_folder / "en16931" / "documents_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            name = re.search(r"en16931/.*(CII_|tc434-)example(\d)\.xml$", document["file"])
            if name is None or not document.get("xml"):
                continue
            root = etree.fromstring(document["xml"].encode())
            if name[1] == "CII_":
                found[name[2]] = read_cii(root)
            else:
                found.setdefault(name[2], read_ubl(root))
    return found


@pytest.mark.parametrize("number", list("123456789"))
def test_an_edifact_message_says_what_its_twin_says(
    data_folder: Path, twins: dict[str, Invoice], tmp_path: Path, number: str
) -> None:
    path = data_folder / "erp" / "edifact_d14b" / f"EDIFACT_EXAMPLE{number}.TXT"
    [(invoice, findings)] = mapped(path, "edifact_invoic", Company(), tmp_path)
    assert not findings
    own, other = dict(flat(invoice)), dict(flat(twins[number]))
    for values in (own, other):
        account = ".payment.transfers[0].account"
        if account in values:
            values[account] = values[account].replace(" ", "")
    differing = {
        place
        for place in own.keys() | other.keys()
        if own.get(place) != other.get(place) and not ELSEWHERE.search(place)
    }
    assert differing == KNOWN.get(number, set())


@pytest.mark.parametrize("number", ["0", "0a"])
def test_an_example_with_a_wrong_count_is_held_back(
    data_folder: Path, tmp_path: Path, number: str
) -> None:
    path = data_folder / "erp" / "edifact_d14b" / f"EDIFACT_EXAMPLE{number}.TXT"
    [(invoice, findings)] = mapped(path, "edifact_invoic", Company(), tmp_path)
    assert [finding.rule for finding in findings] == ["XT-COUNT-01"]
    assert invoice.number == "12115118"


def canonical(invoice: Invoice) -> dict[str, object]:
    """Return the terms of the reference, numbers without the zeros of SAP."""
    totals, seller, buyer = invoice.totals, invoice.seller, invoice.buyer
    assert seller.legal_id
    assert buyer.legal_id
    return {
        "BT-1": (invoice.number or "").lstrip("0"),
        "BT-2": str(invoice.issue_date),
        "BT-3": invoice.type_code,
        "BT-5": invoice.currency,
        "BT-9": str(invoice.due_date),
        "BT-10": invoice.buyer_reference,
        "BT-12": invoice.contract.number if invoice.contract else None,
        "BT-13": invoice.order.number if invoice.order else None,
        "BT-25": next((each.number.lstrip("0") for each in invoice.preceding if each.number), None),
        "BT-27": seller.name,
        "BT-30": seller.legal_id.value,
        "BT-31": seller.vat_id,
        "BT-44": buyer.name,
        "BT-47": buyer.legal_id.value,
        "BT-109": totals.without_vat,
        "BT-110": totals.vat,
        "BT-112": totals.with_vat,
    }


def canonical_line(line: InvoiceLine) -> dict[str, object]:
    return {
        "BT-126": line.id,
        "BT-129": line.quantity,
        "BT-131": line.net,
        "BT-146": line.price.net if line.price else None,
        "BT-151": line.vat_category,
        "BT-152": line.vat_rate,
        "BT-153": line.item.name,
        "BT-155": line.item.seller_id,
    }


def alike(own: object, expected: object) -> bool:
    return own == (Decimal(str(expected)) if isinstance(own, Decimal) else expected)


def test_the_synthetic_idoc_gives_the_canonical_invoices(data_folder: Path, tmp_path: Path) -> None:
    folder = data_folder / "erp" / "synthetic"
    reference = json.loads((folder / "expected_canonical.json").read_text("utf-8"))
    found = list(mapped(folder / "sap_INVOIC02.xml", "sap_invoic02", ALPHA, tmp_path))
    assert [findings for _, findings in found if findings] == []
    for (invoice, _), expected in zip(found, reference, strict=True):
        own = canonical(invoice)
        assert {term: expected[term] for term in own if not alike(own[term], expected[term])} == {}
        for line, wanted in zip(invoice.lines, expected["BG-25"], strict=True):
            values = canonical_line(line)
            assert [term for term in values if not alike(values[term], wanted[term])] == []
