"""The same invoices in the shape of each ERP: each datum comes through, or is named with a reason.

Each shape is converted with its profile and a company file whose words are ours: seller, VAT codes,
and tables with what the shape lacks. The XML is read back and held against the expected result.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.terms import DECIMAL_KINDS, registry
from flows.profiles import shipped_profiles
from tests.support.erp_extracts import Converted, Syntax, convert, terms_of

pytestmark = pytest.mark.conformance

SHAPES_FOLDER = Path("erp") / "synthetic"
SELLER = """
seller:
  name: ALPHA INDUSTRIE SA
  siret: "12345678200010"
  vat_id: FR11123456782
  address: {line1: 1 rue de l'Usine, postcode: "69000", city: Lyon, country: FR}
payment: {means: "30", iban: FR7630006000011234567890189, bic: AGRIFRPPXXX}
defaults: {BT-8: "5"}
"""
EXEMPT = '{category: E, rate: 0, reason: "Exonération", reason_code: VATEX-FR-CGI261-4}'
#: What no ERP column carries: the public contract, by the engagement.
CONTRACTS = (
    "contracts.csv",
    "engagement;contract\n1512345678;2025-MAPA-017\n1512349999;\n",
    "{key: {BT-13: engagement}, gives: {BT-12: contract}}",
)
#: Unit of the ERP -> UN/ECE Recommendation 20.
UNITS = {"ST": "H87", "STD": "HUR", "LE": "C62", "PCE": "H87", "HUR": "HUR"}
NUMBERS = ("90001234", "90001235", "90001236")

#: Reasons why a datum is not compared.
OWN_NUMBERS = "each ERP numbers its lines its own way"
NO_UNIT = "no column of the shape holds a unit"
NO_ARTICLE = "no column of the shape holds the reference of the article"
NO_ORIGINAL = "no column of the shape names the invoice that a credit note corrects"

Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape: its files and profile, our words that complete it, and what it cannot tell."""

    profile: str
    files: tuple[str, ...]
    vat_codes: Mapping[str, str]
    """Code of the ERP -> rate, or EXEMPT."""
    tables: tuple[Table, ...]
    """Tables beside the company file: name, content, entry of ``enrichment``."""
    prefix: str = ""
    """What stands before the number; ``dropped`` digits of the expected one are not there."""
    dropped: int = 0
    units: tuple[str, str, str] | None = None
    """File, column of the number and column of the unit of a line."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Terms, or single places (``number place``), that are not compared, each with its reason."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Documents that are not there, each with its reason."""

    def number(self, expected: str) -> str:
        """Return how the shape writes the number of an expected invoice."""
        return self.prefix + expected[self.dropped :]

    def company(self, folder: Path) -> Path:
        """Write the company file and its tables; return its path."""
        codes = {
            code: EXEMPT if rate == "0" else f'{{category: S, rate: "{rate}"}}'
            for code, rate in self.vat_codes.items()
        }
        lines = [SELLER, "vat_codes:"]
        lines += [f'  "{code}": {meaning}' for code, meaning in codes.items()]
        lines.append("enrichment:")
        for name, content, entry in (CONTRACTS, *self.tables):
            (folder / name).write_text(content, "utf-8")
            lines.append(f"  - {{file: {name}, {entry[1:]}")
        path = folder / "company.yaml"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path


def customers(account: str, key: str = "CF-CUSTOMER", *, gives: str) -> Table:
    """Return a table of the one customer: ``gives`` names what it says, by term."""
    known = {
        "BT-10": "SAAM D5",
        "BT-44": "Ministère de l'Éducation nationale",
        "BT-47": "11004301500012",
        "BT-55": "FR",
    }
    terms = gives.split()
    heading = ";".join(["account", *terms])
    row = ";".join([account, *(known[term] for term in terms)])
    given = ", ".join(f"{term}: {term}" for term in terms)
    entry = f"{{key: {{{key}: account}}, gives: {{{given}}}}}"
    return "customers.csv", f"{heading}\n{row}\n", entry


def due_dates(*numbers: str) -> Table:
    """Return a table of due dates by invoice, for a shape that has none."""
    dates = zip(numbers, ("2026-04-11", "2026-04-19", "2026-04-30"), strict=True)
    rows = "".join(f"{number};{date}\n" for number, date in dates)
    return "due_dates.csv", f"number;due\n{rows}", "{key: {BT-1: number}, gives: {BT-9: due}}"


SAP_CODES = {"A2": "20", "A3": "10", "A4": "5.5", "A0": "0"}
SHAPES = {
    "dolibarr": Shape(
        "dolibarr",
        ("dolibarr_facture_1.csv",),
        {"20": "20", "10": "10", "5.5": "5.5", "0": "0"},
        (customers("11004301500012", "BT-47", gives="BT-10"),),
        prefix="00",
        lacking={"BT-25": NO_ORIGINAL, "BT-155": NO_ARTICLE, "unit_erp": NO_UNIT},
    ),
    "business_central": Shape(
        "business_central",
        ("bc_112_SalesInvoiceHeader.csv", "bc_113_SalesInvoiceLine.csv"),
        {"TVA20": "20", "TVA10": "10", "TVA5.5": "5.5", "TVA0": "0"},
        (customers("100234", gives="BT-47"),),
        prefix="00",
        units=("bc_113_SalesInvoiceLine.csv", "Document No.", "Unit of Measure Code"),
        absent={"90001235": "credit memos are tables 114 and 115, which the shape has not"},
    ),
    "sage_100": Shape(
        "sage_100",
        ("sage100_F_DOCENTETE.csv", "sage100_F_DOCLIGNE.csv", "sage100_F_COMPTET.csv"),
        {"C20": "20", "C10": "10", "C55": "5.5", "EXO": "0"},
        (customers("C100234", gives="BT-10"), due_dates("FA01234", "FA01235", "FA01236")),
        prefix="FA",
        dropped=3,
        units=("sage100_F_DOCLIGNE.csv", "DO_Piece", "EU_Enumere"),
        lacking={"BT-25": NO_ORIGINAL},
    ),
    "sap_sd": Shape(
        "sap_sd",
        ("sap_se16n_VBRK.txt", "sap_se16n_VBRP.txt", "sap_se16n_KONV.txt", "sap_se16n_KNA1.txt"),
        SAP_CODES,
        (customers("100234", gives="BT-10"), due_dates(*NUMBERS)),
        units=("sap_se16n_VBRP.txt", "VBELN", "VRKME"),
        lacking={
            "BT-25": NO_ORIGINAL,
            "90001234 BG-25.2.BT-146": "KONV shows this price with two decimals: 28,44",
        },
    ),
    "oracle_ar": Shape(
        "oracle_ar",
        ("oracle_RA_CUSTOMER_TRX_ALL.csv", "oracle_RA_CUSTOMER_TRX_LINES_ALL.csv"),
        {"TVA20": "20", "TVA10": "10", "TVA5.5": "5.5", "TVA0": "0"},
        (customers("100234", gives="BT-44 BT-47 BT-55"),),
        prefix="00",
        units=("oracle_RA_CUSTOMER_TRX_LINES_ALL.csv", "CUSTOMER_TRX_ID", "UOM_CODE"),
    ),
    "d365_fo": Shape(
        "d365_fo",
        ("d365fo_SalesInvoiceHeadersV2.csv", "d365fo_SalesInvoiceV2Lines.csv"),
        {"NORMALE": "20", "INTERM": "10", "REDUITE": "5.5", "EXO": "0"},
        (
            customers("0000100234", gives="BT-10 BT-44 BT-47"),
            due_dates("0090001234", "0090001235", "0090001236"),
        ),
        prefix="00",
        units=("d365fo_SalesInvoiceV2Lines.csv", "INVOICENUMBER", "SALESUNITSYMBOL"),
        lacking={"BT-25": NO_ORIGINAL},
    ),
    "sap_invoic02": Shape(
        "sap_invoic02",
        ("sap_INVOIC02.xml",),
        SAP_CODES,
        (),
        prefix="00",
        lacking={"unit_erp": "the IDoc has the ISO code (PCE, HUR), not the unit of the ERP"},
    ),
}
CASES = [(name, syntax) for name in SHAPES for syntax in ("cii", "ubl")]


def test_every_shape_has_a_profile_and_every_file_a_shape(data_folder: Path) -> None:
    files = {path.name for path in (data_folder / SHAPES_FOLDER).iterdir()}
    named = {name for shape in SHAPES.values() for name in shape.files}
    assert files - named == {"README.md", "expected_canonical.json"}
    assert named <= files
    assert {shape.profile for shape in SHAPES.values()} <= set(shipped_profiles())


@pytest.mark.parametrize(("name", "syntax"), CASES)
def test_a_shape_gives_the_expected_invoices(
    name: str, syntax: Syntax, data_folder: Path, tmp_path: Path
) -> None:
    shape = SHAPES[name]
    folder = data_folder / SHAPES_FOLDER
    expected = json.loads((folder / "expected_canonical.json").read_text("utf-8"))
    files = [folder / file for file in shape.files]
    done = convert(files, shape.profile, shape.company(tmp_path), tmp_path, syntax)
    assert done.held_back == [], "\n".join(done.lines)
    written = _by_expected_number(done, shape)
    assert set(written) == {one["BT-1"] for one in expected} - set(shape.absent)
    units = dict(_units(folder, shape))
    differences: list[str] = []
    lacking: set[str] = set()
    for one in expected:
        number = one["BT-1"]
        if number in shape.absent:
            print(f"{name}: {number} is not there: {shape.absent[number]}")
            continue
        for place, wanted in _data(one):
            term = place.rpartition(".")[2]
            if term == "BT-126":
                continue
            got = _got(written[number], place, units.get(number, []))
            if _same(term, wanted, got):
                continue
            key = next((key for key in (term, f"{number} {place}") if key in shape.lacking), None)
            if key is not None:
                lacking.add(key)
                print(f"{name}: {number} {place} not compared: {shape.lacking[key]}")
            else:
                differences.append(f"{number} {place}: {wanted!r} expected, {got!r} given")
    print(f"{name}: BT-126 is never compared: {OWN_NUMBERS}")
    assert differences == []
    # A reason that no longer holds must go.
    assert lacking == set(shape.lacking)


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.units])
def test_units_of_a_shape_become_those_of_the_norm(
    name: str, data_folder: Path, tmp_path: Path
) -> None:
    shape = SHAPES[name]
    folder = data_folder / SHAPES_FOLDER
    files = [folder / file for file in shape.files]
    done = convert(files, shape.profile, shape.company(tmp_path), tmp_path)
    units = dict(_units(folder, shape))
    for number, terms in _by_expected_number(done, shape).items():
        given = [line["BT-130"] for line in terms["BG-25"]]
        assert given == [UNITS[unit] for unit in units[number]]


def _by_expected_number(done: Converted, shape: Shape) -> dict[str, dict[str, Any]]:
    """Return what was written by the number of the expected result, BT-1 and BT-25 with it."""
    back = {shape.number(number): number for number in NUMBERS}
    found = {}
    for invoice in done.written.values():
        terms = terms_of(invoice)
        terms["BT-1"] = back.get(terms["BT-1"], terms["BT-1"])
        for original in terms.get("BG-3", []):
            original["BT-25"] = back.get(original["BT-25"], original["BT-25"])
        found[terms["BT-1"]] = terms
    return found


def _data(expected: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield every datum of an expected invoice: its place, and its value."""
    for key, value in expected.items():
        if not isinstance(value, list):
            yield key, value
            continue
        for rank, member in enumerate(value):
            for term, text in member.items():
                yield f"{key}.{rank}.{term}", text


def _got(terms: Mapping[str, Any], place: str, units: list[str]) -> str | None:
    """Return what was written at ``place``; the unit is that of the extract itself."""
    group, *rest = place.split(".")
    if not rest:
        if group == "BT-25":
            originals = [original["BT-25"] for original in terms.get("BG-3", [])]
            return originals[0] if originals else None
        return terms.get(group)
    rank, term = int(rest[0]), rest[1]
    members = terms.get(group, [])
    if rank >= len(members):
        return None
    if term == "unit_erp":
        return units[rank] if rank < len(units) else None
    found: str | None = members[rank].get(term)
    return found


def _same(term: str, wanted: str | None, got: str | None) -> bool:
    known = registry().terms.get(term)
    if known is not None and known.kind in DECIMAL_KINDS and wanted is not None and got is not None:
        return Decimal(wanted) == Decimal(got)
    return wanted == got


def _units(folder: Path, shape: Shape) -> Iterator[tuple[str, list[str]]]:
    """Yield the units of each invoice as the extract has them, by the expected number."""
    if shape.units is None:
        return
    name, key, column = shape.units
    data = (folder / name).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    separator = max(";,\t", key=text.partition("\n")[0].count)
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator):
        if row[column]:
            found.setdefault(row[key], []).append(row[column])
    yield from zip(_in_order(shape), found.values(), strict=True)


def _in_order(shape: Shape) -> list[str]:
    return [number for number in NUMBERS if number not in shape.absent]
