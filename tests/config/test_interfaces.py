from __future__ import annotations

import pytest

from config.interfaces import UnknownInterfaceError, load_interfaces
from config.settings import Settings, Syntax
from schemas.catalogue import load_schema


@pytest.mark.parametrize(("syntax", "code"), [(Syntax.CII, "FSO1106A"), (Syntax.UBL, "FSO1100A")])
def test_each_syntax_has_its_structured_interface(syntax: Syntax, code: str) -> None:
    interface = load_interfaces().for_syntax(syntax)
    assert interface.code == code
    assert interface.flow == "E1"
    assert Settings(syntax=syntax).interface == code


def test_the_root_of_an_interface_we_write_is_the_root_of_its_schema() -> None:
    written = [row for row in load_interfaces().deposits.values() if row.schema_id]
    assert {row.code for row in written} == {"FSO1100A", "FSO1106A"}
    for row in written:
        assert row.schema_id is not None
        assert load_schema(row.schema_id).root == row.root


def test_reports_are_named_after_the_deposit() -> None:
    for code, row in load_interfaces().deposits.items():
        assert row.code == code
        assert row.report == "CSO" + code[3:]


@pytest.mark.parametrize(
    ("code", "said"), [("FSO1101A", "FSO1106A"), ("FSO1102A", "withdrawn"), ("FSO9999A", "no such")]
)
def test_an_interface_not_to_be_used_says_why(code: str, said: str) -> None:
    with pytest.raises(UnknownInterfaceError, match=said):
        load_interfaces().deposit(code)


def test_an_interface_in_use_is_found_by_its_code() -> None:
    assert load_interfaces().deposit("FSO1117A").flow_syntax == "IN_DP_E2_CII_FACTURX"
