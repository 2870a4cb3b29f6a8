"""A number that is taken: same content skipped, other content quarantined, both places named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flows.ledger import InvoiceState, Known
from flows.taken import already_taken
from transforms.outcome import Fate, Identity, InvoiceOutcome, Span

IDENTITY = Identity("sandbox", "1", "40678483500521", "F1")


def invoice(
    content: str, file: str = "b.csv", identity: Identity | None = IDENTITY
) -> InvoiceOutcome:
    return InvoiceOutcome(
        position=0,
        span=Span(file=file, file_sha256="0" * 64, first_line=7, last_line=9),
        fate=Fate.QUARANTINED,
        number="F1",
        identity=identity,
        content_hash=content,
        total=Decimal("1.00"),
    )


def held(
    content: str | None,
    run_id: str = "yesterday",
    key: str = IDENTITY.key,
    life_status: str | None = None,
) -> Known:
    return Known(
        identity_key=key,
        number="F1",
        content_hash=content,
        state=InvoiceState.DEPOSITED,
        run_id=run_id,
        flow_id="FLOW" if content else None,
        file="a.csv",
        first_line=2,
        invoice_row=1,
        origin="run",
        life_status=life_status,
    )


@pytest.mark.parametrize(
    ("known", "fate", "rules", "reason"),
    [
        (held("same"), Fate.SKIPPED, [], "FLOW"),
        (held("other"), Fate.QUARANTINED, ["LG-CONFLICT-01"], None),
        (held("other", "tonight"), Fate.QUARANTINED, ["LG-SAME-NIGHT-01"], None),
        (held("same", "tonight"), Fate.SKIPPED, [], "FLOW"),
        (held(None), Fate.SKIPPED, ["LG-IMPORTED-01"], "a.csv:2"),
        (held("same", life_status="05"), Fate.SKIPPED, ["LG-REFUSED-01"], "FLOW"),
        (held("other", life_status="5"), Fate.QUARANTINED, ["LG-REFUSED-01"], None),
        (held("other", life_status="06"), Fate.QUARANTINED, ["LG-CONFLICT-01"], None),
    ],
    ids=[
        *("same content", "other content", "other tonight", "same tonight", "former tool"),
        *("refused, same content", "refused, other content", "suspended, other content"),
    ],
)
def test_what_the_ledger_knows_decides(
    known: Known, fate: Fate, rules: list[str], reason: str | None
) -> None:
    found = already_taken(invoice("same"), [known], {}, run_id="tonight")
    assert found is not None
    assert found.fate is fate
    assert [finding.rule for finding in found.findings] == rules
    assert found.reason == reason


def test_an_invoice_of_the_same_chunk_is_a_holder_too() -> None:
    twin = {IDENTITY.key: invoice("first", "a.csv")}
    other = already_taken(invoice("second"), [], twin, run_id="tonight")
    assert other is not None
    [finding] = other.findings
    assert finding.rule == "LG-SAME-NIGHT-01"
    assert (finding.params["place"], finding.params["here"]) == ("a.csv:7", "b.csv:7")
    same = already_taken(invoice("first"), [], twin, run_id="tonight")
    assert same is not None
    assert (same.fate, same.reason) == (Fate.SKIPPED, "a.csv:7")


def test_a_free_number_or_an_invoice_without_identity_is_not_taken() -> None:
    assert already_taken(invoice("x"), [held("x", key="another")], {}, run_id="tonight") is None
    assert already_taken(invoice("x", identity=None), [held("x")], {}, run_id="tonight") is None
