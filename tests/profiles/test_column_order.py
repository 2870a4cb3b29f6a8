"""No profile depends on the order of columns, on the capitals of their names, or on strangers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.support.erp_extracts import convert

DATA = Path(__file__).parent / "data"
CASES = [
    ("business_central", "posted_documents"),
    ("d365_fo", "dmf"),
    ("dolibarr", "invoices"),
    ("m3", "flat"),
    ("odoo", "technical_names"),
    ("oracle_ar", "ebs"),
    ("peoplesoft", "tables"),
    ("sage_100", "tables"),
    ("sage_x3", "tables"),
    ("sap_s4", "cds"),
    ("sap_sd", "se16n"),
]


def rewritten(path: Path, folder: Path) -> Path:
    """Return a copy of an extract: columns reversed, names in capitals, a stranger among them."""
    data = path.read_bytes()
    try:
        text, encoding = data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data.decode("cp1252"), "cp1252"
    heading = text.partition("\n")[0]
    separator = max(";,\t", key=heading.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    turned = [list(reversed(row)) for row in rows]
    turned[0] = [name.upper() for name in turned[0]]
    for rank, row in enumerate(turned):
        row.insert(1, "colonne inconnue" if rank == 0 else "?")
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(turned)
    copy = folder / path.name
    copy.write_bytes(out.getvalue().encode(encoding))
    return copy


@pytest.mark.parametrize(("profile", "case"), CASES)
def test_order_capitals_and_unknown_columns_change_nothing(
    profile: str, case: str, tmp_path: Path
) -> None:
    data = DATA / profile
    (tmp_path / "in").mkdir()
    files = sorted((data / case).iterdir())
    copies = [rewritten(path, tmp_path / "in") for path in files]
    usual = convert(files, profile, data / "company.yaml", tmp_path / "usual")
    turned = convert(copies, profile, data / "company.yaml", tmp_path / "turned")
    told, expected = turned.told(), usual.told()
    for one in (told, expected):  # strangers are told, and nothing else differs
        one["findings"] = [text for text in one["findings"] if "XT-COLUMN-" not in text]
    assert told == expected
