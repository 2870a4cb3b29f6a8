"""Extracts of any size for the generic profile, written row by row."""

from __future__ import annotations

from pathlib import Path

COMPANY = """
key: bench
seller:
  name: Fournitures Exemple SA
  siret: "40678483500521"
  vat_id: FR39406784835
  address: {line1: "12 quai de l'Essai", postcode: "35400", city: Saint-Malo, country: FR}
payment: {means: "30", iban: FR7630006000011234567890189, bic: AGRIFRPPXXX}
defaults: {BT-8: "5"}
vat_codes:
  N20: {category: S, rate: 20}
  R10: {category: S, rate: 10}
  R55: {category: S, rate: 5.5}
"""

HEADER = (
    "invoice_number;invoice_date;document_type;due_date;buyer_siret;buyer_name;"
    "buyer_address_line1;buyer_postcode;buyer_city;buyer_service_code;line_number;item_name;"
    "item_seller_id;quantity;unit;unit_price;vat_code"
)
CODES = ("N20", "R10", "R55")


def write(path: Path, invoices: int, lines: int) -> int:
    """Write an extract and return its size in bytes."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        for number in range(1, invoices + 1):
            head = (
                f"F{number:09d};2026-09-14;380;2026-10-14;21999900000017;Commune de Saint-Exemple;"
                f"{number % 90 + 1} place de la Mairie;99000;Saint-Exemple;SERVICE{number % 7}"
            )
            for line in range(1, lines + 1):
                cents = 1000 + (number * 7919 + line * 104729) % 900_000
                stream.write(
                    f"{head};{line};Fourniture n° {cents % 997};REF{cents % 499:05d};"
                    f"{line % 5 + 1};C62;{cents // 100}.{cents % 100:02d};{CODES[line % 3]}\n"
                )
    return path.stat().st_size
