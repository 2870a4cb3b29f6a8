"""A base extract in three files: kinds of rows, joins, expressions, a key of two columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.support.extract_bases import RATES, Sheet, rounded
from tests.support.extract_forms import Row

PROFILE = """
extends: _base
profile: erp
format: {encoding: auto, separator: auto}
numbers: {decimal: "."}
dates: {formats: [yyyyMMdd]}
ignore_case: true
shape:
  kind: header_lines
  key: [COMPANY, DOC]
  lines_key: [CPY, INVOICE]
  header_files: ["*HEADERS*"]
  lines_files: ["*LINES*"]
  contiguous: auto
credit_notes: {amounts: negative}
filters:
  - {name: pro_forma, column: STATUS, equals: PF}
rows:
  - {name: tax, when: "KIND = 'TAX'", use: join}
  - {name: freight, when: "KIND = 'FREIGHT'", use: join}
  - {name: kit, when: "PARENT <> '' and number(NET) = 0", use: drop}
  - {name: remark, when: "KIND = 'TEXT'", use: comment, text: DESCRIPTION, to: previous}
lines_when: "KIND = 'LINE'"
joined:
  - {name: customer, files: ["*CUSTOMERS*"], on: {ACCOUNT: CUSTOMER}}
  - {name: contact, files: ["*CONTACTS*"], on: {ACCOUNT: CUSTOMER}}
  - {name: tax, rows: tax, to: lines, on: {LINK: ID}}
  - {name: freight, rows: freight, count: 3}
derived:
  header:
    kind: "if(number(TOTAL) < 0, '381', '380')"
header:
  BT-1: {column: DOC, required: true}
  BT-2: {column: DATE, required: true}
  BT-3: kind
  BT-5: {column: CURRENCY, required: true}
  BT-9: {column: DUE}
  BT-10: {value: "customer.SERVICE"}
  BT-13: {column: ORDERED}
  BT-44: {value: "customer.NAME"}
  BT-47: {value: "customer.SIRET"}
  BT-50: {value: "customer.STREET"}
  BT-52: {value: "customer.CITY"}
  BT-53: {value: "customer.POSTCODE"}
  BT-55: {value: "customer.COUNTRY"}
  BT-51: {value: "contact.FLOOR"}
  BT-56: {value: "contact.PERSON"}
  BT-109: {value: "number(NET_TOTAL)"}
  BT-110: {value: "number(TOTAL) - number(NET_TOTAL)"}
  BT-112: {column: TOTAL, required: true}
lines:
  BT-126: "NO"
  BT-127: comment
  BT-129: QUANTITY
  BT-130: {column: UNIT, table: units}
  BT-131: NET
  BT-146: {value: "net_price(number(PRICE), number(''), number(QUANTITY), number(NET))"}
  BT-153: {column: DESCRIPTION, required: true}
  CF-LINE-VAT: {value: "tax.CODE"}
repeated:
  - group: BG-3
    terms: {BT-25: CREDITS, BT-26: CREDITS_DATE}
  - group: BG-21
    count: 3
    terms:
      BT-99: {value: "number(freight.{n}.NET)"}
      BT-104: {value: "freight.{n}.DESCRIPTION"}
      CF-CHARGE-VAT: "freight.{n}.CODE"
"""

#: What the expressions above make of a column.
FEEDS = {
    "DESCRIPTION": ("lines[].note", "allowances[].reason"),
    "CODE": (
        "lines[].vat_category",
        "lines[].vat_rate",
        "allowances[].vat_category",
        "allowances[].vat_rate",
    ),
    "QUANTITY": ("lines[].price.net",),
    "PRICE": ("lines[].price.net",),
    "SERVICE": ("buyer_reference",),
    "NAME": ("buyer.name",),
    "SIRET": ("buyer.legal_id.value",),
    "STREET": ("buyer.address.line1",),
    "CITY": ("buyer.address.city",),
    "POSTCODE": ("buyer.address.postcode",),
    "COUNTRY": ("buyer.address.country",),
    "FLOOR": ("buyer.address.line2",),
    "PERSON": ("buyer.contact.name",),
    "CUSTOMER": (
        "buyer.address.line2",
        "buyer.contact.name",
        "buyer_reference",
        "buyer.name",
        "buyer.legal_id.value",
        "buyer.address.line1",
        "buyer.address.city",
        "buyer.address.postcode",
    ),
}

HEADERS = [
    "COMPANY",
    "DOC",
    "DATE",
    "DUE",
    "STATUS",
    "CUSTOMER",
    "CURRENCY",
    "ORDERED",
    "CREDITS",
    "CREDITS_DATE",
    "NET_TOTAL",
    "TOTAL",
]
LINES = [
    "CPY",
    "INVOICE",
    "ID",
    "LINK",
    "KIND",
    "NO",
    "PARENT",
    "DESCRIPTION",
    "QUANTITY",
    "UNIT",
    "PRICE",
    "NET",
    "CODE",
]
CONTACTS = ["ACCOUNT", "PERSON", "FLOOR"]
CUSTOMERS = ["ACCOUNT", "NAME", "SIRET", "SERVICE", "STREET", "POSTCODE", "CITY", "COUNTRY"]

ACCOUNTS: tuple[Row, ...] = (
    (
        "0000100234",
        "Mairie de Crécy",
        "01000200400009",
        "SERVICE-1",
        "1 place d'Armes",
        "01500",
        "Crécy",
        "FR",
    ),
    (
        "0000100871",
        "Lycée Ampère",
        "11000201100044",
        "ACHATS",
        "31 rue de la Bourse",
        "69002",
        "Lyon",
        "FR",
    ),
)

#: What nothing asks for: only the join can tell that it is missing.
PERSONS: tuple[Row, ...] = (
    ("100234", "Mme Durand", "2e étage"),
    ("100871", "M. Petit", "Bâtiment C"),
)

#: number, customer, sign, lines of (text, quantity, price, code, remark, component), freight.
Doc = tuple[str, str, int, tuple[tuple[str, str, str, str, str, str], ...], str]

DOCS: tuple[Doc, ...] = (
    (
        "9001",
        "100234",
        1,
        (
            ("Poste de travail", "2", "640.00", "N20", "Numéros de série à part", "Clavier"),
            ("Livre", "3", "12.50", "R55", "", ""),
        ),
        "15.00",
    ),
    ("9002", "100871", 1, (("Pose", "7.5", "48.00", "N20", "Sur site", ""),) * 2, ""),
    (
        "9003",
        "0000100234",
        -1,
        (("Livre", "3", "12.50", "R55", "", ""), ("Câble", "1", "8.35", "N20", "", "")),
        "",
    ),
    (
        "9004",
        "100871",
        1,
        (
            ("Écran 24 pouces", "4", "129.90", "N20", "", "Pied"),
            ("Bras", "4", "31.00", "N20", "", ""),
        ),
        "9.90",
    ),
)

OTHER_DOCS: tuple[Doc, ...] = (
    ("9101", "100234", 1, (("Siège", "2", "210.00", "N20", "", ""),) * 2, ""),
    (
        "9002",
        "100871",
        1,
        (("Dépose", "3", "41.00", "N20", "", ""), ("Pose", "3", "48.00", "N20", "", "")),
        "",
    ),
)


def erp_sheets(docs: Sequence[Doc]) -> tuple[Sheet, ...]:
    """Return the header file, the lines file and the customers."""
    heads: list[Row] = []
    rows: list[Row] = []
    ident = 500
    for number, customer, sign, lines, freight in docs:
        net = vat = Decimal(0)
        taxable: dict[str, Decimal] = {}
        for rank, (text, quantity, price, code, remark, component) in enumerate(lines, 1):
            ident += 10
            amount = sign * rounded(Decimal(quantity) * Decimal(price))
            taxable[code] = taxable.get(code, Decimal(0)) + amount
            count = f"{sign * Decimal(quantity)}"

            def row(*cells: str, number: str = number) -> Row:
                return ("01", number, *cells)

            rows.append(
                row(
                    str(ident),
                    "",
                    "LINE",
                    str(rank),
                    "",
                    text,
                    count,
                    "PCE",
                    price,
                    str(amount),
                    "",
                )
            )
            if remark:
                rows.append(row(str(ident + 1), "", "TEXT", "", "", remark, "", "", "", "", ""))
            if component:
                cells = (str(ident + 2), "", "LINE", f"{rank}.1", str(ident), component)
                rows.append(row(*cells, "1", "PCE", "", "0.00", ""))
            rows.append(row(str(ident + 3), str(ident), "TAX", "", "", "TVA", "", "", "", "", code))
        if freight:
            ident += 10
            rows.append(row(str(ident), "", "FREIGHT", "", "", "Port", "", "", "", freight, "N20"))
            taxable["N20"] += Decimal(freight)
        net = sum(taxable.values(), Decimal(0))
        vat = sum((rounded(base * RATES[code] / 100) for code, base in taxable.items()), vat)
        credited = ("9000", "20260820") if sign < 0 else ("", "")
        heads.append(
            (
                "01",
                number,
                "20260908",
                "20261008",
                "OK",
                customer,
                "EUR",
                f"45000{number}",
                *credited,
                str(net),
                str(net + vat),
            )
        )
    key, lines_key = ("COMPANY", "DOC"), ("CPY", "INVOICE")
    return (
        Sheet("HEADERS.csv", key, (tuple(HEADERS), *heads)),
        Sheet("LINES.csv", lines_key, (tuple(LINES), *rows)),
        Sheet("CUSTOMERS.csv", ("ACCOUNT",), (tuple(CUSTOMERS), *ACCOUNTS), completes=True),
        Sheet("CONTACTS.csv", ("ACCOUNT",), (tuple(CONTACTS), *PERSONS), completes=True),
    )
