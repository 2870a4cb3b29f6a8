"""Nights whose extracts are several files: headers, lines, master data that never changes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from flows.errors import ExitCode
from flows.night_result import Mode
from tests.support.apart import night_apart
from tests.support.firm import COMMUNE, Firm
from transforms.balance import Place

PROFILE = """
extends: _base
profile: three_files
format: {encoding: auto, separator: auto}
numbers: {decimal: ",", thousands: " "}
dates: {formats: [dd/MM/yyyy]}
shape:
  kind: header_lines
  key: NUM
  header_files: ["ENT*"]
  lines_files: ["LIG*"]
  contiguous: auto
rows:
  - {name: remark, when: "TYPE = 'C'", use: comment, text: LIB}
joined:
  - {name: customer, files: ["CLI*"], on: {COMPTE: CLIENT}}
header:
  BT-1: {column: NUM, required: true}
  BT-2: {column: DATE, required: true}
  BT-3: {constant: "380"}
  BT-5: {constant: EUR}
  BT-9: {column: ECH}
  BT-44: {column: customer.NOM}
  BT-47: {column: customer.SIRET}
  BT-50: {column: customer.RUE}
  BT-52: {column: customer.VILLE}
  BT-53: {column: customer.CP}
lines:
  BT-126: {value: "@line"}
  BT-127: comment
  BT-129: {column: QTE, required: true}
  BT-130: {column: UNITE, table: units}
  BT-131: {column: MT, required: true}
  BT-146: {column: PU}
  BT-153: {column: LIB, required: true}
  CF-LINE-VAT: TVA
"""
CUSTOMERS = f"COMPTE;NOM;SIRET;RUE;CP;VILLE\n00042;Commune;{COMMUNE};1 rue;99000;Ville\n"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    (tmp_path / "three.yaml").write_text(PROFILE)
    return Firm(tmp_path, {"source": {"profile": "three.yaml", "company_file": "company.yaml"}})


def drop(firm: Firm, *numbers: str, customers: str = CUSTOMERS) -> None:
    heads = "".join(f"{number};14/09/2026;14/10/2026;42\n" for number in numbers)
    lines = "".join(
        f"{number};A;Pelle;2;H87;50,00;100,00;N20\n{number};C;Merci;;;;;\n" for number in numbers
    )
    firm.drop("ENT_1.csv", "NUM;DATE;ECH;CLIENT\n" + heads)
    firm.drop("LIG_1.csv", "NUM;TYPE;LIB;QTE;UNITE;PU;MT;TVA\n" + lines)
    firm.drop("CLI.csv", customers)


def test_master_data_may_come_again_unchanged_every_night(firm: Firm) -> None:
    drop(firm, "F1", "F2")
    (first,) = firm.run()
    assert first.exit_code is ExitCode.OK, first.problems
    drop(firm, "F3")
    (second,) = firm.run()
    assert second.exit_code is ExitCode.OK, second.problems
    assert second.balance is not None
    assert second.balance.places[Place.DEPOSITED].count == 1
    assert firm.states() == {number: ["handed_over"] for number in ("F1", "F2", "F3")}


def test_extracts_that_come_again_with_their_master_data_are_a_quiet_night(firm: Firm) -> None:
    drop(firm, "F1")
    firm.run()
    drop(firm, "F1")
    (again,) = firm.run()
    assert again.exit_code is ExitCode.OK, again.problems
    assert firm.states() == {"F1": ["handed_over"]}


@pytest.mark.parametrize("point", ["claim", "built", "recorded", "before-deposit"])
def test_a_night_of_joined_files_that_dies_is_resumed_whole(firm: Firm, point: str) -> None:
    drop(firm, "F1", "F2")
    assert night_apart(firm, crash_at=point).signal == signal.SIGKILL
    results = firm.run()
    assert firm.code(results) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    assert len(firm.arrived()) == 1


def test_an_invoice_whose_customer_is_not_there_is_held_back(firm: Firm) -> None:
    drop(firm, "F1", customers=CUSTOMERS.replace("00042", "00043"))
    (result,) = firm.run()
    assert result.exit_code is ExitCode.FINDINGS
    assert "CP-BUYER-01" in firm.rules("F1")


def test_a_rehearsal_reads_joined_files_too(firm: Firm) -> None:
    drop(firm, "F1")
    firm.run()
    drop(firm, "F2")
    from flows.dry_run import rehearse

    (result,) = rehearse(firm.configuration(), clock=lambda: firm.now)
    assert result.problems == ()
    assert (firm.root / "landing" / "CLI.csv").exists()
    assert firm.run(Mode.DEPOSIT)[0].exit_code is ExitCode.OK


def test_a_missing_joined_file_puts_everything_back(firm: Firm) -> None:
    drop(firm, "F1")
    (firm.root / "landing" / "CLI.csv").unlink()
    (result,) = firm.run()
    assert result.exit_code is ExitCode.USAGE
    assert "customer (CLI*)" in " ".join(result.problems)
    assert sorted(path.name for path in (firm.root / "landing").iterdir()) == [
        "ENT_1.csv",
        "LIG_1.csv",
    ]
