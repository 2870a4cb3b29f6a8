"""A whole night against the folder channel: what goes in is accounted for, come what may."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.errors import ConfigurationError, ExitCode, LockHeldError
from flows.ledger import FlowState, RunState
from flows.locking import held
from flows.night_result import Mode, NightResult
from tests.support.firm import COLUMNS, Firm, csv, row
from transforms.balance import Place


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def places(result: NightResult) -> dict[Place, int]:
    assert result.balance is not None
    assert result.balance.holds
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


def only(results: list[NightResult]) -> NightResult:
    assert len(results) == 1
    return results[0]


def test_a_clean_extract_is_deposited_whole_and_the_night_ends_well(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("AV1", document_type="381")]))
    result = only(firm.run())
    assert result.exit_code is ExitCode.OK
    assert places(result) == {Place.DEPOSITED: 3}
    assert [path.name for path in firm.arrived()] == ["FSO1106A_ABC123_ABC1231106000000000000001"]


def test_one_invoice_alone_goes_as_plain_xml(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    assert firm.arrived()[0].read_bytes().startswith(b"<?xml")


def test_a_wrong_invoice_is_held_back_and_the_others_go(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123"), row("F3")]))
    result = only(firm.run())
    assert result.exit_code is ExitCode.FINDINGS
    assert places(result) == {Place.DEPOSITED: 2, Place.QUARANTINED: 1}
    assert "CP-BUYER-03" in firm.rules("F2")


@pytest.mark.parametrize("content", ["", "\n", csv([])], ids=["empty", "blank", "header only"])
def test_an_extract_without_invoices_is_a_night_without_invoices(firm: Firm, content: str) -> None:
    firm.drop("a.csv", content)
    result = only(firm.run())
    assert result.exit_code is ExitCode.OK
    assert places(result) == {}
    assert firm.arrived() == []


def test_no_extract_is_a_night_without_invoices(firm: Firm) -> None:
    assert places(only(firm.run())) == {}


def test_a_landing_folder_that_is_not_there_may_pass_and_the_run_is_resumed(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    landing = firm.root / "landing"
    landing.rename(firm.root / "away")
    result = only(firm.run())
    assert result.exit_code is ExitCode.UNFINISHED
    assert "cannot be read" in result.problems[0]
    (firm.root / "away").rename(landing)
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}


def test_a_wrong_profile_names_every_missing_column_and_deposits_nothing(firm: Firm) -> None:
    columns = tuple(c for c in COLUMNS if c not in {"invoice_date", "unit_price"})
    firm.drop("a.csv", csv([row("F1")], columns))
    result = only(firm.run())
    assert result.exit_code is ExitCode.USAGE
    assert "invoice_date" in result.problems[0]
    assert "unit_price" in result.problems[0]
    assert firm.arrived() == []


def test_after_the_profile_is_mended_the_claimed_file_is_read(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]).replace("invoice_date", "date_facture"))
    firm.run()
    profile = firm.root / "mine.yaml"
    profile.write_text(
        "profile: mine\nextends: generic\nheader:\n  BT-2: {column: date_facture, required: true}\n"
    )
    firm.sections["source"]["profile"] = "mine.yaml"
    firm.write_settings()
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}


def test_half_a_file_holds_back_the_cut_invoice_only(firm: Firm) -> None:
    whole = csv([row("F1"), row("F2")])
    firm.drop("a.csv", whole[: whole.rindex("2026-10-14")])
    result = only(firm.run())
    assert places(result)[Place.DEPOSITED] == 1
    assert firm.states()["F1"] == ["handed_over"]
    assert firm.states()["F2"] == ["quarantined"]


def test_yesterdays_file_again_is_skipped_and_said(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1")]))
    result = only(firm.run())
    assert result.exit_code is ExitCode.OK
    assert places(result) == {}
    assert len(firm.arrived()) == 1


def test_yesterdays_invoice_in_a_new_file_is_skipped(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1"), row("F2")]))
    assert places(only(firm.run())) == {Place.SKIPPED: 1, Place.DEPOSITED: 1}
    assert firm.states()["F1"] == ["handed_over", "skipped"]


def test_yesterdays_number_with_another_content_is_quarantined_with_both_places(
    firm: Firm,
) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1", unit_price="51.00")]))
    assert places(only(firm.run())) == {Place.QUARANTINED: 1}
    with firm.ledger() as ledger:
        second = list(ledger.invoices(number="F1"))[1]
        finding = next(
            record.finding
            for record in ledger.findings(invoice_row=second.invoice_row)
            if record.finding.rule == "LG-CONFLICT-01"
        )
    assert finding.params["place"] == "a.csv:2"
    assert finding.params["here"] == "b.csv:2"


def test_the_same_number_twice_in_one_file_sends_neither(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F1", unit_price="51.00")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 1, Place.QUARANTINED: 2}
    assert firm.rules("F1") == {"XT-KEY-01"}


@pytest.mark.parametrize("chunk", [500, 1], ids=["one chunk", "a chunk each"])
def test_the_same_number_in_two_files_sends_the_first_and_names_both(
    tmp_path: Path, chunk: int
) -> None:
    firm = Firm(tmp_path, {"workers": {"executor": "inline", "chunk_invoices": chunk}})
    firm.drop("a.csv", csv([row("F1")]))
    firm.drop("b.csv", csv([row("F1", unit_price="51.00"), row("F2")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 2, Place.QUARANTINED: 1}
    assert firm.states()["F1"] == ["handed_over", "quarantined"]
    assert firm.rules("F1") == {"LG-SAME-NIGHT-01"}


def test_the_same_invoice_in_two_files_goes_once(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.drop("b.csv", csv([row("F1"), row("F2")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 2, Place.SKIPPED: 1}


def test_two_runs_at_once_the_second_refuses_and_says_who(firm: Firm) -> None:
    (firm.root / "state").mkdir()
    with held(firm.root / "state", "run"), pytest.raises(LockHeldError, match="since"):
        firm.run()


def test_a_night_under_way_refuses_a_second_one_in_another_process(firm: Firm) -> None:
    (firm.root / "state").mkdir()
    with held(firm.root / "state", "run"):
        done = firm.command("run", "--no-prefect")
    assert done.returncode == ExitCode.UNFINISHED
    assert "since" in done.stderr


def test_a_held_run_sends_nothing_until_it_is_released_with_the_same_bytes(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    result = only(firm.run(Mode.HOLD))
    assert places(result) == {Place.WAITING: 2}
    assert firm.arrived() == []
    outbox = {
        path.name: path.read_bytes() for path in (firm.root / "state/outbox").rglob("FSO*[0-9]")
    }
    done = firm.command("release", result.run_id, "--by", "A. Martin", "--reason", "checked")
    assert done.returncode == ExitCode.OK, done.stderr
    assert {path.name: path.read_bytes() for path in firm.arrived()} == outbox
    again = firm.command("release", result.run_id, "--by", "A. Martin", "--reason", "twice")
    assert again.returncode == ExitCode.USAGE


def test_a_held_run_given_up_frees_its_numbers(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    result = only(firm.run(Mode.HOLD))
    done = firm.command(
        "release", result.run_id, "--discard", "--by", "A. Martin", "--reason", "wrong extract"
    )
    assert done.returncode == ExitCode.OK, done.stderr
    firm.now += timedelta(hours=1)
    firm.drop("b.csv", csv([row("F1", unit_price="51.00")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}


def test_a_brake_holds_the_night_before_its_first_deposit(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"brakes": {"max_invoices": 1}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    result = only(firm.run())
    assert result.exit_code is ExitCode.ATTENTION
    assert "max_invoices" in result.problems[0]
    assert firm.arrived() == []
    with firm.ledger() as ledger:
        assert ledger.runs(1)[0].state is RunState.HELD


def test_a_control_total_that_differs_stops_the_run_before_any_deposit(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"landing.control": {"source": "trailer"}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]) + "TRAILER;invoices=3;total=360.00\n")
    result = only(firm.run())
    assert result.exit_code is ExitCode.ATTENTION
    assert "3 invoices announced, 2 read" in result.problems[0]
    assert firm.arrived() == []
    with firm.ledger() as ledger:
        assert ledger.runs(1)[0].state is RunState.FAILED
        assert {flow.state for flow in ledger.flows()} == {FlowState.ABANDONED}


def test_the_right_extract_may_follow_one_that_was_stopped(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"landing.control": {"source": "trailer"}})
    firm.drop("a.csv", csv([row("F1")]) + "TRAILER;invoices=2\n")
    firm.run()
    firm.now += timedelta(hours=1)
    firm.drop("a.csv", csv([row("F1"), row("F2")]) + "TRAILER;invoices=2;total=240.00\n")
    result = only(firm.run())
    assert places(result) == {Place.DEPOSITED: 2}
    assert result.exit_code is ExitCode.OK


def test_an_invoice_waits_for_its_attachment_and_goes_the_night_it_is_there(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 1, Place.WAITING: 1}
    firm.now += timedelta(days=1)
    assert places(only(firm.run())) == {Place.WAITING: 1}
    (firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
    firm.now += timedelta(days=1)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    assert firm.states()["F1"] == ["waiting", "waiting", "handed_over"]


def test_an_invoice_that_waited_too_long_is_quarantined(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"attachments": {"max_wait_nights": 1}})
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf")]))
    assert places(only(firm.run())) == {Place.WAITING: 1}
    firm.now += timedelta(days=1)
    assert places(only(firm.run())) == {Place.QUARANTINED: 1}
    assert firm.states()["F1"] == ["waiting", "quarantined"]
    firm.now += timedelta(days=1)
    assert places(only(firm.run())) == {}


def test_a_waiting_invoice_extracted_again_goes_once(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf")]))
    firm.run()
    (firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1", attachments="bl.pdf"), row("F2")]))
    assert places(only(firm.run())) == {Place.DEPOSITED: 2, Place.SKIPPED: 1}


def test_a_dry_run_leaves_everything_as_it_was_but_writes_its_report(firm: Firm) -> None:
    source = firm.drop("a.csv", csv([row("F1")]))
    done = firm.command("run", "--dry-run")
    assert done.returncode == ExitCode.OK, done.stderr
    assert source.exists()
    assert firm.arrived() == []
    assert not (firm.root / "state" / "ledger.sqlite").exists()
    assert list((firm.root / "reports").rglob("*.html"))
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}


def test_a_deposit_that_fails_leaves_the_flow_for_the_next_night(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    gateway = firm.root / "gateway"
    gateway.rename(firm.root / "down")
    result = only(firm.run())
    assert result.exit_code is ExitCode.UNFINISHED
    assert places(result) == {Place.WAITING: 1}
    (firm.root / "down").rename(gateway)
    firm.now += timedelta(days=1)
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}
    assert len(firm.arrived()) == 1


def test_wrong_settings_are_told_before_a_file_is_claimed(firm: Firm) -> None:
    source = firm.drop("a.csv", csv([row("F1")]))
    firm.sections["source"]["profile"] = "nowhere.yaml"
    firm.write_settings()
    with pytest.raises(ConfigurationError, match="nowhere"):
        firm.run()
    assert source.exists()


@pytest.mark.parametrize("stopped_by", ["the brakes", "a word"])
def test_a_run_that_stops_before_its_deposit_says_whose_flows_wait_as_well(
    tmp_path: Path, stopped_by: str
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    gateway = tmp_path / "gateway" / "in"
    gateway.rename(tmp_path / "away")
    first = only(firm.run())
    assert first.exit_code is not ExitCode.OK
    (tmp_path / "away").rename(gateway)
    firm.now += timedelta(minutes=5)
    firm.drop("b.csv", csv([row("F2"), row("F3")]))
    if stopped_by == "the brakes":
        firm.sections["brakes"] = {"max_invoices": 1}
        firm.write_settings()
    second = only(firm.run(Mode.DEPOSIT if stopped_by == "the brakes" else Mode.HOLD))
    assert any(first.run_id in told and "wait as well" in told for told in second.problems)
    assert firm.arrived() == []
