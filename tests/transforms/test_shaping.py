"""Rows made one header and its lines: kinds of rows, joins, derived columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from config.profile import Profile
from transforms.grouping import InvoiceRows, RowBlock
from transforms.mapping import Mapper
from transforms.shaping import Shaped, Shaper

BASE: dict[str, Any] = {
    "profile": "p",
    "shape": {"kind": "header_lines", "key": "NO"},
    "header": {"BT-1": "NO"},
    "lines": {"BT-131": "NET"},
}


def profile(**change: Any) -> Profile:
    return Profile.model_validate(BASE | change)


def block(file: str, rows: Sequence[Mapping[str, str]], side: str = "") -> RowBlock:
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    cells = tuple(tuple(row.get(column, "") for column in columns) for row in rows)
    return RowBlock(file, "00", columns, cells, tuple(range(2, 2 + len(rows))), side)


def rows(
    head: Mapping[str, str],
    lines: Sequence[Mapping[str, str]],
    **joined: Sequence[Mapping[str, str]],
) -> InvoiceRows:
    others = tuple(block(f"{name}.csv", found, name) for name, found in joined.items())
    return InvoiceRows("F1", (block("h.csv", [head]), block("l.csv", lines), *others))


def cells(shaped: Shaped) -> list[dict[str, str]]:
    return [dict(zip(shaped.line_columns, row, strict=True)) for row in shaped.lines]


def head_of(shaped: Shaped) -> dict[str, str]:
    return dict(zip(shaped.columns, shaped.head, strict=True))


def rules(shaped: Shaped) -> list[tuple[str, int | None]]:
    return [(finding.rule, finding.location.line) for finding in shaped.findings]


def test_a_plain_profile_leaves_the_rows_as_they_are() -> None:
    given = rows({"NO": "F1"}, [{"NO": "F1", "NET": "1"}])
    shaped = Shaper(profile()).shape(given)
    assert (shaped.columns, shaped.head) == (("NO",), ("F1",))
    assert (shaped.lines, shaped.numbers) == ([("F1", "1")], [2])


KINDS = [
    {"name": "tax", "when": "KIND = 'TAX'", "use": "join"},
    {"name": "freight", "when": "KIND = 'FREIGHT'", "use": "join"},
    {"name": "child", "when": "KIND = 'CHILD'", "use": "drop"},
    {"name": "remark", "when": "KIND = ''", "use": "comment", "text": "TEXT"},
]
JOINS = [
    {"name": "tax", "rows": "tax", "to": "lines", "on": {"LINK": "ID"}},
    {"name": "freight", "rows": "freight", "count": 2},
]


def test_rows_of_other_kinds_complete_the_lines_and_the_header() -> None:
    lines = [
        {"ID": "1", "LINK": "", "KIND": "LINE", "NET": "100", "RATE": "", "TEXT": ""},
        {"ID": "2", "LINK": "1", "KIND": "TAX", "NET": "20", "RATE": "20", "TEXT": ""},
        {"ID": "3", "LINK": "", "KIND": "CHILD", "NET": "0", "RATE": "", "TEXT": ""},
        {"ID": "", "LINK": "", "KIND": "", "NET": "", "RATE": "", "TEXT": "Merci"},
        {"ID": "4", "LINK": "", "KIND": "FREIGHT", "NET": "7", "RATE": "", "TEXT": "Port"},
    ]
    shaped = Shaper(profile(rows=KINDS, joined=JOINS)).shape(rows({"NO": "F1"}, lines))
    (line,) = cells(shaped)
    assert (line["NET"], line["tax.RATE"], line["comment"]) == ("100", "20", "Merci")
    head = head_of(shaped)
    assert (head["freight.1.NET"], head["freight.1.TEXT"], head["freight.2.NET"]) == (
        "7",
        "Port",
        "",
    )
    assert rules(shaped) == []


def test_a_row_that_belongs_to_a_row_of_another_kind_is_not_attached_to_nothing() -> None:
    lines = [
        {"ID": "1", "LINK": "", "KIND": "LINE", "NET": "100"},
        {"ID": "2", "LINK": "", "KIND": "FREIGHT", "NET": "7"},
        {"ID": "3", "LINK": "2", "KIND": "TAX", "NET": "1.40"},
        {"ID": "4", "LINK": "9", "KIND": "TAX", "NET": "3"},
    ]
    shaped = Shaper(profile(rows=KINDS, joined=JOINS)).shape(rows({"NO": "F1"}, lines))
    assert rules(shaped) == [("MP-ROW-01", 5)]


def test_what_one_of_two_joins_takes_is_not_left_over() -> None:
    joined = [
        {"name": "own", "rows": "tax", "to": "lines", "on": {"LINK": "ID"}},
        {"name": "of", "rows": "tax", "to": "lines", "on": {"LINK": "GROUP"}, "count": 2},
        {"name": "all", "rows": "tax", "on": {"LINK": "NO"}},
    ]
    lines = [
        {"ID": "1", "GROUP": "7", "LINK": "", "KIND": "LINE"},
        *({"ID": "", "GROUP": "", "LINK": link, "KIND": "TAX"} for link in ("1", "7", "F1", "8")),
    ]
    shaped = Shaper(profile(rows=KINDS, joined=joined)).shape(rows({"NO": "F1"}, lines))
    assert rules(shaped) == [("MP-ROW-01", 6)]


@pytest.mark.parametrize("link", ["9", ""])
def test_a_row_that_names_no_line_is_told_where_both_sides_call_the_key_alike(link: str) -> None:
    joined = [{"name": "tax", "rows": "tax", "to": "lines", "on": {"ID": "ID"}}]
    lines = [{"ID": "1", "KIND": "LINE", "NET": "100"}, {"ID": link, "KIND": "TAX", "NET": "20"}]
    shaped = Shaper(profile(rows=KINDS, joined=joined)).shape(rows({"NO": "F1"}, lines))
    assert rules(shaped) == [("MP-ROW-01", 3)]


@pytest.mark.parametrize(
    ("cells_", "expected"), [(["A", "A"], "A"), (["A", "B"], ""), (["A", ""], ""), (["", ""], "")]
)
def test_what_all_lines_share_can_be_said_of_the_document(cells_: list[str], expected: str) -> None:
    given = rows({"NO": "F1"}, [{"NET": "1", "ORDER": cell} for cell in cells_])
    shaped = Shaper(profile(derived={"header": {"order": "common(ORDER)"}})).shape(given)
    assert head_of(shaped)["order"] == expected


@pytest.mark.parametrize(
    ("to", "expected", "document"),
    [
        ("previous", ["b c", "d"], "a"),
        ("next", ["a", "b c"], "d"),
        ("document", ["", ""], "a b c d"),
    ],
)
def test_a_comment_goes_where_the_profile_says(to: str, expected: list[str], document: str) -> None:
    kinds = [{"name": "remark", "when": "NET = ''", "use": "comment", "text": "TEXT", "to": to}]
    order = [("", "a"), ("1", ""), ("", "b"), ("", "c"), ("2", ""), ("", "d")]
    lines = [{"NET": net, "TEXT": text} for net, text in order]
    shaped = Shaper(profile(rows=kinds)).shape(rows({"NO": "F1"}, lines))
    assert [line["comment"] for line in cells(shaped)] == expected
    assert head_of(shaped)["comment"] == document


def test_a_row_that_belongs_to_no_line_is_told() -> None:
    lines = [{"ID": "1", "KIND": "LINE"}, {"ID": "2", "LINK": "9", "KIND": "TAX"}]
    shaped = Shaper(profile(rows=KINDS, joined=JOINS)).shape(rows({"NO": "F1"}, lines))
    assert rules(shaped) == [("MP-ROW-01", 3)]


def test_a_row_of_no_known_kind_is_told_when_the_profile_says_what_a_line_is() -> None:
    lines = [{"KIND": "LINE", "NET": "1"}, {"KIND": "NEW", "NET": "2"}]
    shaped = Shaper(profile(lines_when="KIND = 'LINE'")).shape(rows({"NO": "F1"}, lines))
    assert (len(shaped.lines), rules(shaped)) == (1, [("MP-ROW-02", 3)])


CUSTOMER = [{"name": "customer", "files": "*cust*", "on": {"KUNNR": "ACCOUNT"}}]


@pytest.mark.parametrize(
    ("account", "name"), [("100234", "Mairie"), ("0000100234", "Mairie"), ("9", ""), ("", "")]
)
def test_master_data_is_found_with_or_without_leading_zeros(account: str, name: str) -> None:
    given = rows(
        {"NO": "F1", "ACCOUNT": account}, [], customer=[{"KUNNR": "0000100234", "NAME": "Mairie"}]
    )
    shaped = Shaper(profile(joined=CUSTOMER, header={"BT-1": "NO", "BT-44": "customer.NAME"}))
    assert head_of(shaped.shape(given))["customer.NAME"] == name


def test_zeros_count_when_the_profile_keeps_them() -> None:
    joined = [CUSTOMER[0] | {"zeros": "kept"}]
    given = rows({"NO": "F1", "ACCOUNT": "7"}, [], customer=[{"KUNNR": "07", "NAME": "x"}])
    assert head_of(Shaper(profile(joined=joined)).shape(given))["customer.NAME"] == ""


@pytest.mark.parametrize(
    ("several", "name", "told"),
    [("finding", "", ["MP-JOIN-01"]), ("first", "a", []), ("last", "b", [])],
)
def test_several_rows_that_fit_are_told_unless_one_is_meant(
    several: str, name: str, told: list[str]
) -> None:
    joined = [CUSTOMER[0] | {"several": several}]
    customers = [{"KUNNR": "7", "NAME": "a"}, {"KUNNR": "7", "NAME": "b"}]
    shaped = Shaper(profile(joined=joined)).shape(
        rows({"NO": "F1", "ACCOUNT": "7"}, [], customer=customers)
    )
    assert head_of(shaped)["customer.NAME"] == name
    assert [finding.rule for finding in shaped.findings] == told


def test_conditions_are_joined_to_their_line_under_the_header() -> None:
    joined = [
        {
            "name": "vat",
            "files": "*konv*",
            "to": "lines",
            "on": {"KNUMV": "header.KNUMV", "KPOSN": "POSNR"},
            "when": "KSCHL = 'MWST'",
        }
    ]
    conditions = [
        {"KNUMV": "7", "KPOSN": "10", "KSCHL": "PR00", "KBETR": "1"},
        {"KNUMV": "7", "KPOSN": "10", "KSCHL": "MWST", "KBETR": "200"},
        {"KNUMV": "7", "KPOSN": "20", "KSCHL": "MWST", "KBETR": "55"},
    ]
    given = rows(
        {"NO": "F1", "KNUMV": "0007"}, [{"POSNR": "000010"}, {"POSNR": "20"}], vat=conditions
    )
    shaped = Shaper(profile(joined=joined)).shape(given)
    assert [line["vat.KBETR"] for line in cells(shaped)] == ["200", "55"]


def test_a_join_may_follow_from_another_one() -> None:
    joined = [
        {"name": "partner", "files": "p", "on": {"NO": "NO"}, "when": "ROLE = 'RE'"},
        {"name": "customer", "files": "c", "on": {"KUNNR": "partner.KUNNR"}},
    ]
    given = rows(
        {"NO": "F1"},
        [],
        partner=[
            {"NO": "F1", "ROLE": "AG", "KUNNR": "1"},
            {"NO": "F1", "ROLE": "RE", "KUNNR": "2"},
        ],
        customer=[{"KUNNR": "2", "NAME": "Mairie"}, {"KUNNR": "1", "NAME": "Autre"}],
    )
    assert head_of(Shaper(profile(joined=joined)).shape(given))["customer.NAME"] == "Mairie"


def test_derived_columns_see_those_before_them_and_lines_see_the_header() -> None:
    made = profile(
        derived={
            "header": {"kind": "if(number(TOTAL) < 0, '381', '380')", "twice": "kind || kind"},
            "lines": {"signed": "if(header.kind = '381', -number(NET), number(NET))"},
        },
        header={"BT-1": "NO", "BT-3": "kind"},
        lines={"BT-131": "signed", "BT-129": {"value": "signed * 2"}},
        numbers={"decimal": ",", "thousands": "."},
    )
    given = rows({"NO": "F1", "TOTAL": "-5"}, [{"NET": "-1.005,00"}])
    shaped = Shaper(made).shape(given)
    assert head_of(shaped)["twice"] == "381381"
    mapped = Mapper(made).map(given)
    assert mapped.invoice.type_code == "381"
    assert mapped.invoice.lines[0].net == Decimal("1005.00")
    assert mapped.invoice.lines[0].quantity == Decimal("2010.00")


def test_a_fault_of_an_expression_is_told_with_its_term_and_place() -> None:
    made = profile(lines={"BT-131": {"value": "number(NET) / 10"}})
    mapped = Mapper(made).map(rows({"NO": "F1"}, [{"NET": "12"}, {"NET": "x"}]))
    assert [(f.rule, f.bt, f.location.line, f.location.column) for f in mapped.findings] == [
        ("MP-NUMBER-01", "BT-131", 3, "NET")
    ]


def test_a_filter_may_be_a_condition_on_the_header() -> None:
    made = profile(filters=[{"name": "small", "when": "total(NET) < 10"}])
    assert Mapper(made).peek(rows({"NO": "F1"}, [{"NET": "4"}, {"NET": "5"}])).excluded_by == (
        "small"
    )
    assert Mapper(made).peek(rows({"NO": "F1"}, [{"NET": "40"}])).excluded_by is None


def test_what_the_parent_peeks_is_what_is_mapped() -> None:
    made = profile(
        joined=CUSTOMER,
        header={
            "BT-1": {"value": "strip_zeros(NO)"},
            "BT-47": {"value": "replace(customer.SIRET, ' ', '')"},
            "BT-10": "customer.SERVICE",
        },
    )
    customers = [{"KUNNR": "7", "SIRET": "110 043 015 00012", "SERVICE": "S1"}]
    given = rows({"NO": "0042", "ACCOUNT": "7"}, [{"NET": "1"}], customer=customers)
    peek, mapped = Mapper(made).peek(given), Mapper(made).map(given)
    assert (peek.number, peek.buyer, peek.service) == ("42", "11004301500012", "S1")
    assert mapped.invoice.number == peek.number
    assert mapped.invoice.buyer.legal_id is not None
    assert mapped.invoice.buyer.legal_id.value == peek.buyer


def test_findings_name_the_column_of_the_extract_not_the_expression() -> None:
    made = profile(header={"BT-1": {"value": "strip_zeros(NO)"}})
    mapped = Mapper(made).map(rows({"NO": "0042"}, []))
    assert mapped.invoice.locate("BT-1").column == "NO"


NAMED = {"BT-1": "NO", "BT-44": {"value": "customer.NAME"}}
LINE = {"NO": "F1", "NET": "1"}


def test_an_invoice_without_its_row_in_a_file_that_must_be_there_is_warned() -> None:
    shaper = Shaper(profile(header=NAMED, joined=CUSTOMER))
    others = [{"KUNNR": "8", "NAME": "x"}]
    missing = shaper.shape(rows({"NO": "F1", "ACCOUNT": "7"}, [LINE], customer=others))
    told = [(f.rule, f.value, f.params["join"]) for f in missing.findings]
    assert told == [("MP-JOIN-02", "7", "customer")]
    # The file is there, and empty.
    assert rules(shaper.shape(rows({"NO": "F1", "ACCOUNT": "7"}, [LINE]))) == [("MP-JOIN-02", 2)]
    # Nobody is asked for.
    assert rules(shaper.shape(rows({"NO": "F1", "ACCOUNT": ""}, [LINE], customer=others))) == []


def test_an_optional_join_may_have_no_row() -> None:
    shaper = Shaper(profile(header=NAMED, joined=[CUSTOMER[0] | {"optional": True}]))
    assert rules(shaper.shape(rows({"NO": "F1", "ACCOUNT": "7"}, [LINE]))) == []


def test_a_condition_on_joined_rows_that_cannot_be_read_is_told() -> None:
    joined = [CUSTOMER[0] | {"when": "number(RANK) = 1"}]
    given = rows(
        {"NO": "F1", "ACCOUNT": "7"},
        [LINE],
        customer=[
            {"KUNNR": "7", "NAME": "x", "RANK": "1"},
            {"KUNNR": "7", "NAME": "y", "RANK": "?"},
        ],
    )
    (told,) = Shaper(profile(header=NAMED, joined=joined)).shape(given).findings
    assert (told.rule, told.location.file, told.location.line) == (
        "MP-NUMBER-01",
        "customer.csv",
        3,
    )


def test_a_row_that_was_to_complete_the_header_and_does_not_is_told() -> None:
    joined = [{"name": "freight", "rows": "freight", "on": {"DOC": "NO"}}]
    kinds = [{"name": "freight", "when": "KIND = 'F'", "use": "join"}]
    header = {"BT-1": "NO", "BT-20": {"value": "freight.TEXT"}}
    used = profile(rows=kinds, joined=joined, header=header)
    lines = [{"DOC": "F1", "NET": "1"}, {"DOC": "F9", "KIND": "F", "TEXT": "Port"}]
    assert rules(Shaper(used).shape(rows({"NO": "F1"}, lines))) == [("MP-ROW-01", 3)]
