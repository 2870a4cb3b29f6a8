"""IDocs and EDIFACT interchanges for tests, made from a few values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from config.layouts import idoc_layout

#: A segment: its name, its fields, the segments in it.
Spec = tuple[str, Mapping[str, str], Sequence["Spec"]]


def segment(name: str, *below: Spec, **fields: str) -> Spec:
    return name, fields, below


def idoc_invoice(number: str = "0090000001", **changes: str) -> list[Spec]:
    """Return an invoice of two lines, 120.00 at 20 %: 10 pieces at 10.00, and 20 hours at 1.00."""
    told = {"kind": "INVO", "billing": "F2", "docnum": "0000000000000001", "mestyp": "INVOIC"}
    told |= {"original": "", "siret": "11000201100044"} | changes
    original = [segment("E1EDK02", QUALF="087", BELNR=told["original"])] if told["original"] else []
    return [
        segment(
            "EDI_DC40",
            TABNAM="EDI_DC40",
            DOCNUM=told["docnum"],
            IDOCTYP="INVOIC02" if told["mestyp"] == "INVOIC" else "ORDERS05",
            MESTYP=told["mestyp"],
        ),
        segment("E1EDK01", CURCY="EUR", ZTERM="NT30", BSART=told["kind"], BELNR=number),
        segment("E1EDKA1", PARVW="BK", PARTN="1000", NAME1="Fournitures du Nord", LAND1="FR"),
        segment(
            "E1EDKA1",
            PARVW="RE",
            PARTN="0000100234",
            NAME1="Mairie de Crécy",
            STRAS="1 place d'Armes",
            PSTLZ="80150",
            ORT01="Crécy",
            LAND1="FR",
            IHREZ="SERVICE-1",
            FCODE=told["siret"],
        ),
        segment("E1EDK02", QUALF="009", BELNR=number, DATUM="20260910"),
        segment("E1EDK02", QUALF="001", BELNR="ENG-42"),
        *original,
        segment("E1EDK03", IDDAT="026", DATUM="20260910"),
        segment("E1EDK03", IDDAT="012", DATUM="20260911"),
        segment("E1EDK03", IDDAT="028", DATUM="20261010"),
        segment("E1EDK28", BRNUM="AGRIFRPP", ACNUM="FR7630006000011234567890189"),
        segment(
            "E1EDKT1",
            segment("E1EDKT2", TDLINE="Merci de votre"),
            segment("E1EDKT2", TDLINE="commande"),
            TDID="0001",
            TSSPRAS_ISO="FR",
        ),
        segment("E1EDKT1", segment("E1EDKT2", TDLINE="Thank you"), TDID="0001", TSSPRAS_ISO="EN"),
        segment("E1EDK14", QUALF="015", ORGID=told["billing"]),
        idoc_line("000010", "10.000", "PCE", "10.00", "100.00", "Ramette"),
        idoc_line("000020", "20.000", "HUR", "1.00", "20.00", "Pose"),
        segment("E1EDS01", SUMID="005", SUMME="24.00", WAERQ="EUR"),
        segment("E1EDS01", SUMID="010", SUMME="120.00", WAERQ="EUR"),
        segment("E1EDS01", SUMID="011", SUMME="144.00", WAERQ="EUR"),
    ]


def idoc_line(
    position: str, quantity: str, unit: str, price: str, net: str, name: str, **price_fields: str
) -> Spec:
    return segment(
        "E1EDP01",
        segment("E1EDP19", QUALF="002", IDTNR=f"ART-{position}", KTEXT=name),
        segment("E1EDP26", QUALF="003", BETRG=net),
        segment(
            "E1EDP05", **{"ALCKZ": "+", "KRATE": price, "UPRBS": "1", "MEAUN": unit} | price_fields
        ),
        segment("E1EDP04", MWSKZ="A2", MSATZ="20.000"),
        POSEX=position,
        MENGE=quantity,
        MENEE=unit,
    )


def idoc_xml(*documents: Sequence[Spec], root: str = "INVOIC02", line_ends: bool = True) -> bytes:
    """Return the XML form of some documents."""

    def written(spec: Spec) -> str:
        name, fields, below = spec
        told = "".join(f"<{field}>{escape(text)}</{field}>" for field, text in fields.items())
        inside = "".join(written(child) for child in below)
        return f'<{name} SEGMENT="1">{told}{inside}</{name}>{end}'

    end = "\n" if line_ends else ""
    body = "".join(
        f'<IDOC BEGIN="1">{end}{"".join(map(written, d))}</IDOC>{end}' for d in documents
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{end}<{root}>{end}{body}</{root}>'.encode()


def flat_record(name: str, fields: Mapping[str, str], docnum: str, *, trim: bool = True) -> str:
    """Return one record of a flat IDoc, its name with a release as files have it."""
    layout = idoc_layout()
    ranges = layout.fields.get(name, {})
    if name == "EDI_DC40":
        record = [" "] * 524
    else:
        called = f"E2{name[2:]}005" if name.startswith("E1") else name
        head = f"{called:<30}100{docnum:>16}{'000001'}{'000000'}02"
        record = list(head.ljust(layout.head + 1000))
    for field, text in fields.items():
        begin, end = ranges[field]
        record[begin:end] = text[: end - begin].ljust(end - begin)
    written = "".join(record)
    return written.rstrip() if trim else written


def idoc_flat(*documents: Sequence[Spec], encoding: str = "cp1252", trim: bool = True) -> bytes:
    """Return the flat form of some documents."""
    records: list[str] = []

    def write(spec: Spec, docnum: str) -> None:
        name, fields, below = spec
        records.append(flat_record(name, fields, docnum, trim=trim))
        for child in below:
            write(child, docnum)

    for document in documents:
        for spec in document:
            write(spec, document[0][1].get("DOCNUM", ""))
    return "".join(f"{record}\r\n" for record in records).encode(encoding)


def released(text: str) -> str:
    """Return ``text`` as EDIFACT writes it, its separators released."""
    return "".join(f"?{mark}" if mark in "?:+'" else mark for mark in text)


#: An invoice as EANCOM D.96A writes it: parties by GLN, 77 as total, categories of VAT in 5305.
EANCOM = (
    "BGM+380+F-2026-1+9",
    "DTM+137:20260910:102",
    "DTM+35:20260908:102",
    "FTX+ZZZ+++Livré par nos soins:sans frais",
    "RFF+ON:ENG-42",
    "DTM+171:20260901:102",
    "RFF+AAK:BL-7",
    "NAD+SU+3012345000015::9",
    "RFF+VA:FR39406784835",
    "NAD+BY+3025555000018::9++MAIRIE DE CRECY:SERVICE ACHATS",
    "CTA+PD+:Mme Durand",
    "NAD+DP+3025555000025::9",
    "NAD+IV+3025555000032::9++MAIRIE DE CRECY:COMPTABILITE+1 PLACE D?'ARMES+CRECY++80150+FR",
    "RFF+GN:11000201100044",
    "CUX+2:EUR:4",
    "PAT+3++5:3:D:30",
    "ALC+A++++DI:::REMISE",
    "MOA+8:10,00",
    "TAX+7+VAT+++:::20+S",
    "LIN+1++3012345678902:EN",
    "PIA+1+ART-10:SA+C-1:BP",
    "IMD+F++:::RAMETTE A4:80 G",
    "QTY+47:10",
    "MOA+203:100,00",
    "PRI+AAA:10,00",
    "TAX+7+VAT+++:::20+S",
    "LIN+2++3012345678919:EN",
    "IMD+F++:::POSE",
    "QTY+47:20:HUR",
    "MOA+203:20,00",
    "PRI+AAA:1,00",
    "PRI+AAB:1,25",
    "TAX+7+VAT+++:::20+S",
    "ALC+A++++DI",
    "PCD+1:20",
    "MOA+8:5,00",
    "UNS+S",
    "MOA+79:120,00",
    "MOA+125:110,00",
    "MOA+176:22,00",
    "MOA+77:132,00",
    "TAX+7+VAT+++:::20+S",
    "MOA+125:110,00",
    "MOA+124:22,00",
)


def message(
    segments: Iterable[str], reference: str = "1", kind: str = "INVOIC:D:96A:UN:EAN008"
) -> list[str]:
    """Return the segments of a message with its header and trailer."""
    body = [f"UNH+{reference}+{kind}", *segments]
    return [*body, f"UNT+{len(body) + 1}+{reference}"]


def interchange(
    *messages: Sequence[str],
    advice: str = "UNA:+,? '",
    charset: str = "UNOC",
    encoding: str = "iso8859-1",
    end: str = "",
) -> bytes:
    """Return an interchange; ``end`` is what follows each terminator."""
    segments = [f"UNB+{charset}:3+3012345000015:14+3025555000032:14+260910:1200+R1"]
    segments += [item for each in messages for item in each]
    segments.append(f"UNZ+{len(messages)}+R1")
    text = advice + (end if advice else "") + "".join(f"{item}'{end}" for item in segments)
    return text.encode(encoding)
