"""Import of invoices sent by a former tool."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flows.ledger import InvoiceState, Ledger, SentInvoice
from tests.support.ledger_nights import RUN, bundle, outcome, send, start
from transforms.outcome import Identity


def sent(line: int, number: str, **facts: object) -> SentInvoice:
    return SentInvoice(
        identity=Identity("sandbox", "1", "73282932000074", number), line=line, **facts
    )


def test_an_imported_number_cannot_be_sent_again(ledger: Ledger) -> None:
    result = ledger.import_sent(
        [sent(2, "F00000", total=Decimal("9.90"), currency="EUR", type_code="380")],
        source="old.csv",
        actor="m.durand",
        reason="change-over",
    )
    assert (result.imported, result.known) == (1, ())
    (known,) = ledger.known({"F00000"})["F00000"]
    assert (known.origin, known.content_hash, known.file, known.first_line) == (
        "import",
        None,
        "old.csv",
        2,
    )
    start(ledger)
    members, flow = bundle(ledger, [outcome(0)])
    (conflict,) = ledger.commit_chunk(RUN, members, [flow])
    assert conflict.holder == known
    record = next(ledger.invoices(run_id=result.run_id))
    assert (record.state, record.total, record.origin) == (
        InvoiceState.DEPOSITED,
        Decimal("9.90"),
        "import",
    )
    assert ledger.events(run_id=result.run_id, kind="run")[0].actor == "m.durand"


def test_numbers_already_held_or_given_twice_are_left_and_told(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 1)
    result = ledger.import_sent([sent(2, "F00000"), sent(3, "A1"), sent(4, "A1"), sent(5, "A2")])
    assert result.imported == 2
    assert [(k.number, k.flow_id) for k in result.known] == [("F00000", flow_id), ("A1", None)]
    again = ledger.import_sent([sent(2, "A1"), sent(3, "A2")])
    assert (again.imported, len(again.known)) == (0, 2)


def test_an_import_is_no_night(ledger: Ledger) -> None:
    ledger.import_sent([sent(2, "A1", state=InvoiceState.INTEGRATED)])
    assert ledger.runs() == []
    assert ledger.unfinished_run() is None
    assert ledger.recent_counts(5) == []
    assert len(ledger.runs(kind="import")) == 1


def test_many_rows_are_imported_in_one_transaction(ledger: Ledger) -> None:
    rows = [sent(i, f"A{i}") for i in range(1201)]
    with pytest.raises(ValueError, match="A-last: quarantined is not sent"):
        ledger.import_sent([*rows, sent(9999, "A-last", state=InvoiceState.QUARANTINED)])
    assert ledger.known({"A0", "A1200"}) == {}
    assert ledger.import_sent(rows).imported == 1201
