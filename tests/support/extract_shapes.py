"""The base extracts, each of another shape."""

from __future__ import annotations

import csv

from tests.support.extract_bases import (
    DRAFTS,
    HEADER,
    LINE,
    OTHER_DRAFTS,
    Base,
    Sheet,
    as_it_is,
    flat_rows,
    french,
    one_line,
    pair_sheets,
)
from tests.support.extract_erp import DOCS, FEEDS, OTHER_DOCS, PROFILE, erp_sheets
from tests.support.extract_forms import Form, delimited, listed, workbook

_FRENCH = """
extends: generic
profile: french
format: {encoding: cp1252, separator: ";"}
numbers: {decimal: ",", thousands: [" ", "."]}
dates: {formats: [dd/MM/yyyy], empty: ["00/00/0000"]}
shape: {kind: flat, key: invoice_number, contiguous: false}
aliases:
  invoice_number: ["Facture"]
  item_name: ["Article"]
"""
_AUTO = """
extends: generic
profile: automatic
format: {encoding: auto, separator: auto}
shape: {kind: flat, key: invoice_number, contiguous: auto}
"""
_LIST = """
extends: generic
profile: listed
format: {encoding: auto, separator: auto, quote: "", sap_list: true}
shape: {kind: flat, key: invoice_number, contiguous: auto}
"""
_NAMES = {"Facture": "invoice_number", "Article": "item_name"}


def bases() -> tuple[Base, ...]:
    """Return the base extracts."""
    key = ("invoice_number",)
    renamed = {name: alias for alias, name in _NAMES.items()}
    captions = tuple(renamed.get(column, column) for column in (*HEADER, *LINE))
    own, other = (flat_rows(drafts, as_it_is) for drafts in (DRAFTS, OTHER_DRAFTS))
    local, local_other = (flat_rows(drafts, french)[1:] for drafts in (DRAFTS, OTHER_DRAFTS))
    plain, plain_other = (flat_rows(drafts, one_line) for drafts in (DRAFTS, OTHER_DRAFTS))

    def one(name: str, rows: tuple[tuple[str, ...], ...]) -> tuple[Sheet, ...]:
        return (Sheet(name, key, rows),)

    def flat(name: str, profile: str, form: Form, ending: str = "csv") -> Base:
        file = f"{name}.{ending}"
        return Base(name, profile, one(file, plain), one(file, plain_other), form)

    return (
        Base("flat", "generic", one("a.csv", own), one("a.csv", other), delimited()),
        Base(
            "pair",
            "generic_two_files",
            pair_sheets(DRAFTS),
            pair_sheets(OTHER_DRAFTS),
            delimited(quoting=csv.QUOTE_ALL, end="\r\n"),
        ),
        Base(
            "french",
            _FRENCH,
            one("f.csv", (captions, *local)),
            one("f.csv", (captions, *local_other)),
            delimited(encoding="cp1252", end="\r\n"),
            names=_NAMES,
        ),
        flat("automatic", _AUTO, delimited("\t", "cp1252")),
        Base(
            "erp",
            PROFILE,
            erp_sheets(DOCS),
            erp_sheets(OTHER_DOCS),
            delimited(","),
            FEEDS,
            excludes=frozenset({"STATUS"}),
            ignore_case=True,
        ),
        flat("workbook", "generic", workbook(), "xlsx"),
        flat("listed", _LIST, listed("cp1252"), "txt"),
    )
