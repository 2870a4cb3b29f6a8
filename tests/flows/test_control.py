"""Control totals: what is announced is held against what was read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.landing_settings import TableControl
from config.profile import Format
from flows.control import Counted, Expected, compare, expected_of
from flows.errors import ControlError


def test_no_control_announces_nothing(tmp_path: Path) -> None:
    assert expected_of(tmp_path / "x.csv", TableControl(), layout=Format()) is None


def test_a_setting_announces_figures(tmp_path: Path) -> None:
    control = TableControl(source="setting", invoices=3, total=Decimal("10.00"))
    assert expected_of(tmp_path / "x.csv", control, layout=Format()) == Expected(
        3, None, Decimal("10.00")
    )


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ";"), ("cp1252", ","), ("utf-16", "\t")]
)
def test_a_trailer_is_read_in_the_encoding_of_the_file(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    path = tmp_path / "x.csv"
    trailer = separator.join(["TRAILER", "invoices=2", "rows=5", "total=-12.50"])
    path.write_bytes(f"numéro{separator}b\n1{separator}2\n{trailer}\n\n".encode(encoding))
    control = TableControl(source="trailer")
    assert expected_of(path, control, layout=Format(encoding=encoding)) == Expected(
        2, 5, Decimal("-12.50")
    )


def test_the_encoding_of_a_trailer_is_found_when_the_profile_leaves_it_open(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("numéro;b\n1;2\nFIN É;invoices=2\n".encode("cp1252"))
    control = TableControl(source="trailer", trailer_mark="FIN É")
    assert expected_of(path, control, layout=Format(encoding="auto")) == Expected(2)
    path.write_bytes("numéro\n".encode("utf-32"))
    with pytest.raises(ControlError, match="UTF-32"):
        expected_of(path, control, layout=Format(encoding="auto"))


def test_a_file_without_its_trailer_may_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("number;b\n1;2\n")
    with pytest.raises(ControlError, match="does not end with a TRAILER record"):
        expected_of(path, TableControl(source="trailer"), layout=Format())


def test_a_side_file_announces_figures(tmp_path: Path) -> None:
    (tmp_path / "x.csv.ctl").write_text("invoices=2\nrows=4\n")
    control = TableControl(source="side_file")
    assert expected_of(tmp_path / "x.csv", control, layout=Format()) == Expected(2, 4, None)


def test_a_missing_side_file_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"x\.csv\.ctl"):
        expected_of(tmp_path / "x.csv", TableControl(source="side_file"), layout=Format())


def test_an_unreadable_figure_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "x.csv.ctl").write_text("invoices=many\n")
    with pytest.raises(ControlError, match="cannot be read"):
        expected_of(tmp_path / "x.csv", TableControl(source="side_file"), layout=Format())


def test_each_difference_is_told_and_what_is_not_announced_is_not_compared() -> None:
    counted = Counted(invoices=2, rows=4, total=Decimal("10.00"))
    assert compare("x.csv", Expected(2, None, Decimal("10.0")), counted) == ()
    assert compare("x.csv", Expected(3, 5, Decimal("9")), counted) == (
        "x.csv: 3 invoices announced, 2 read",
        "x.csv: 5 rows announced, 4 read",
        "x.csv: 9 total announced, 10.00 read",
    )
