"""A new extract, described in YAML alone: thirty columns, odd names, two files, cp1252."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from flows.convert import convert_files, settings_for
from transforms.reading import read_document

PROFILE = """
profile: chantiers_bertin
format: {encoding: cp1252, separator: "|", quote: "'"}
numbers: {decimal: ",", thousands: [" ", "."]}
dates: {formats: [dd-MM-yy], empty: ["00-00-00"]}
shape:
  kind: header_lines
  key: [Sté, Pièce n°]
  lines_key: [STE, PIECE]
  header_files: ["ENT*"]
  lines_files: ["MVT*"]
  contiguous: auto
credit_notes: {amounts: negative, lines: negative}
rows:
  - {name: sous_total, when: "NAT = 'ST'", use: drop}
  - {name: texte, when: "NAT = 'TX'", use: comment, text: LIB, to: next}
  - {name: port, when: "NAT = 'PO'", use: join}
lines_when: "NAT = 'AR'"
joined:
  - {name: port, rows: port, count: 2}
derived:
  header:
    nature: "left(\\"Pièce n°\\", 1)"
  lines:
    brut: "number(QTE) * number(PU) / if(number(PAR) > 0, number(PAR), 1)"
tables:
  natures: {F: "380", A: "381"}
  units: {U: C62, H: HUR, M2: MTK}
filters:
  - {name: brouillon, when: "État = 'B'"}
header:
  BT-1: {value: "nature || '-' || strip_zeros(match(\\"Pièce n°\\", '[0-9]+'))"}
  BT-2: {column: "D. émission", required: true}
  BT-3: {value: "lookup('natures', nature)"}
  BT-5: {constant: EUR}
  BT-9: "D. échéance"
  BT-10: {value: "match(\\"Réf. client\\", 'SERV ([A-Z0-9]+)')"}
  BT-13: {value: "match(\\"Réf. client\\", 'EJ ([0-9]+)')"}
  BT-12: Marché
  BT-20: {company: true}
  BT-23: {constant: A1}
  BT-27: {company: true}
  BT-30: {company: true}
  BT-30-1: {company: true, default: "1"}
  BT-31: {company: true}
  BT-35: {company: true}
  BT-37: {company: true}
  BT-38: {company: true}
  BT-40: {company: true, default: FR}
  BT-44: "Raison sociale"
  BT-47: {value: "replace(SIRET, ' ', '')", required: true}
  BT-47-1: {company: true, default: "1"}
  BT-50: "Adr. 1"
  BT-53: CP
  BT-52: Ville
  BT-55: {constant: FR}
  BT-81: {company: true}
  BT-84: {company: true}
  BT-109: {column: "Tot. H.T."}
  BT-110: {column: "Tot. T.V.A."}
  BT-112: {column: "Tot. T.T.C.", required: true}
lines:
  BT-126: RG
  BT-129: {column: QTE, required: true}
  BT-130: {column: UN, table: units}
  BT-131: {column: MT, required: true}
  BT-146: {column: PU}
  BT-149: {value: "if(number(PAR) > 1, number(PAR))"}
  BT-153: {column: LIB, required: true}
  BT-155: ART
  BT-127: comment
  CF-LINE-VAT: TVA
repeated:
  - group: BG-27
    terms:
      BT-136: {value: "if(number(REM) > 0, brut - number(MT))"}
      BT-138: {value: "if(number(REM) > 0, number(REM))"}
      BT-139: {value: "if(number(REM) > 0, 'Remise')"}
  - group: BG-21
    count: 2
    terms:
      BT-99: {value: "number(port.{n}.MT)"}
      BT-104: "port.{n}.LIB"
      CF-CHARGE-VAT: "port.{n}.TVA"
"""
COMPANY = """
seller:
  name: Chantiers Bertin
  siret: "40678483500521"
  vat_id: FR39406784835
  address: {line1: "3 rue du Port", postcode: "56000", city: Vannes, country: FR}
payment: {means: "30", iban: FR7630006000011234567890189, terms: "30 jours"}
defaults: {BT-8: "5"}
vat_codes:
  "1": {category: S, rate: 20}
  "2": {category: S, rate: 10}
"""
HEADERS = """\
Sté|Pièce n°|D. émission|D. échéance|État|Réf. client|Marché|SIRET|Raison sociale|Adr. 1|CP|Ville\
|Tot. H.T.|Tot. T.V.A.|Tot. T.T.C.
01|F00042|14-09-26|14-10-26|V|SERV VOIRIE / EJ 1512345678|M-2026-7|219 999 000 00017\
|Commune d’Île|1 place de la Mairie|99000|Île|1\u00a0233,50|222,70|1\u00a0456,20
01|A00007|14-09-26|14-10-26|V|EJ 1512345678||21999900000017|Commune d’Île\
|1 place de la Mairie|99000|Île|100,00-|20,00-|120,00-
01|F00043|14-09-26|00-00-00|B||||||||0|0|0
"""
LINES = """\
STE|PIECE|RG|NAT|ART|LIB|QTE|UN|PU|PAR|REM|MT|TVA|CHANTIER|POSEUR
01|F00042|1|TX||Tranche 1||||||||C1|x
01|F00042|2|AR|P12|Pavés 'granit'|250|M2|420,00|100|10,00|945,00|1|C1|x
01|F00042|3|ST||Sous-total||||||945,00||C1|x
01|A00007|1|AR|P12|Pavés granit|10,00-|M2|10,00|1||100,00-|1|C1|x
01|F00042|4|AR|H01|Pose|6,000|H|40,00|1||240,00|2|C1|x
01|F00042|5|PO||Transport||||||48,50|1|C1|x
01|F00043|1|AR|H01|Pose|1|H|0|1||0|1|C1|x
"""


def convert(folder: Path, syntax: Literal["cii", "ubl"]) -> tuple[list[str], dict[str, bytes]]:
    (folder / "profile.yaml").write_text(PROFILE)
    (folder / "company.yaml").write_text(COMPANY)
    lines = LINES.replace("Pavés 'granit'", "'Pavés ''granit'''")
    for name, text in (("ENT_0914.TXT", HEADERS), ("MVT_0914.TXT", lines)):
        (folder / name).write_bytes(text.encode("cp1252"))
    files = [folder / "ENT_0914.TXT", folder / "MVT_0914.TXT"]
    settings = settings_for(
        files,
        profile=str(folder / "profile.yaml"),
        company=folder / "company.yaml",
        syntax=syntax,
    )
    out = folder / "xml"
    done = convert_files(
        files, settings, out=out, clock=lambda: datetime(2026, 9, 14, 12, tzinfo=UTC)
    )
    return done.lines, {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_an_extract_nobody_knew_is_described_in_yaml_alone(
    tmp_path: Path, syntax: Literal["cii", "ubl"]
) -> None:
    told, written = convert(tmp_path, syntax)
    assert list(written) == ["A-7.xml", "F-42.xml"], told
    assert any("brouillon" in line for line in told)
    invoice = read_document(written["F-42.xml"]).invoice
    assert (invoice.number, invoice.type_code) == ("F-42", "380")
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 9, 14), date(2026, 10, 14))
    assert invoice.buyer_reference == "VOIRIE"
    assert invoice.order is not None
    assert invoice.order.number == "1512345678"
    assert invoice.buyer.legal_id is not None
    assert invoice.buyer.legal_id.value == "21999900000017"
    totals = invoice.totals
    assert (totals.without_vat, totals.vat, totals.with_vat) == (
        Decimal("1233.50"),
        Decimal("222.70"),
        Decimal("1456.20"),
    )
    first, second = invoice.lines
    assert (first.quantity, first.unit, first.net) == (Decimal(250), "MTK", Decimal("945.00"))
    assert (first.price.net, first.price.base_quantity) == (Decimal("420.00"), Decimal(100))
    (rebate,) = first.allowances
    assert (rebate.amount, rebate.percent) == (Decimal("105.00"), Decimal("10.00"))
    assert (first.item.name, first.note) == ("Pavés 'granit'", "Tranche 1")
    assert (second.unit, second.vat_rate) == ("HUR", Decimal(10))
    (carriage,) = invoice.allowances
    assert (carriage.is_charge, carriage.amount, carriage.reason) == (
        True,
        Decimal("48.50"),
        "Transport",
    )
    credit = read_document(written["A-7.xml"]).invoice
    assert (credit.type_code, credit.totals.with_vat) == ("381", Decimal("120.00"))
    assert (credit.lines[0].quantity, credit.lines[0].net) == (Decimal(10), Decimal("100.00"))
