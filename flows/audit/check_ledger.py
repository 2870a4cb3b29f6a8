"""The rows that manifests seal (events, invoices, extracts, flows), recomputed from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.audit.check_chain import Chain, bodies
from flows.audit.sealing import LISTED, extract_facts, flow_facts
from flows.audit.told import MOST, Found
from flows.ledger import Ledger, ManifestRecord, RunRecord
from transforms.canonical import Block, Differing, Listing, compare_blocks, plain


def check_rows(ledger: Ledger, folder: Path, chain: Chain, found: Found) -> int:
    """Tell the rows of the ledger that are not as they were sealed; return how many events fit.

    Raises:
        LedgerUnavailableError: the ledger cannot be read.
    """
    events = 0
    for record, body in bodies(ledger, folder):
        if record.rank in chain.adopted or not body:
            continue
        events += _events(ledger, record, body["events"], found)
        run = body.get("run")
        if run is not None and chain.last_of_run.get(run["run_id"]) == record.rank:
            _run(ledger, record, run, found)
    for odd in ledger.states_without_event(MOST):
        found.tell("AU-STATE-01", odd.what, state=odd.state, event=odd.event or "–")
    for _, number in ledger.numbers_not_held(MOST):
        found.tell("AU-IDENTITY-01", number)
    for number in ledger.numbers_held_wrongly(MOST):
        found.tell("AU-IDENTITY-02", number)
    return events


def _events(ledger: Ledger, record: ManifestRecord, sealed: dict[str, Any], found: Found) -> int:
    after, last = int(sealed["after"]), int(sealed["last"])
    wrong = 0
    rows = ledger.event_rows(after, last)
    for part in compare_blocks(rows, [Block(*block) for block in sealed["blocks"]]):
        wrong += part.sealed
        found.tell(
            _which("AU-EVENT", part),
            rank=record.rank,
            first=max(part.first, after + 1),
            last=part.last,
            sealed=part.sealed,
            found=part.found,
        )
    return int(sealed["count"]) - wrong


def _run(ledger: Ledger, record: ManifestRecord, sealed: dict[str, Any], found: Found) -> None:
    run_id, rank = str(sealed["run_id"]), record.rank
    run = ledger.run(run_id)
    if run is None:
        found.tell("AU-RUN-01", run_id, run=run_id, rank=rank, what="–")
        return
    for name in _run_differs(run, sealed):
        found.tell("AU-RUN-01", run_id, run=run_id, rank=rank, what=name)
    blocks = [Block(*block) for block in sealed["invoices"]["blocks"]]
    for part in compare_blocks(ledger.invoice_rows(run_id), blocks):
        found.tell(
            _which("AU-INVOICE", part),
            run=run_id,
            rank=rank,
            first=part.first,
            last=part.last,
            sealed=part.sealed,
            found=part.found,
        )
    _extracts(ledger, run_id, rank, sealed["extracts"], found)
    # A flow that was built after this seal need not be in it; killed before the next seal of its
    # run, only its events are sealed.
    _flows(ledger, run_id, rank, sealed["flows"], found, record.last_event)


def _run_differs(run: RunRecord, sealed: dict[str, Any]) -> list[str]:
    """Return the columns of a run that changed although nobody finished it again since."""
    now = plain(
        {
            "kind": run.kind,
            "run_date": run.run_date,
            "started_at": run.started_at,
            "release": run.version,
            "settings_file": run.settings_hash,
        }
    )
    if plain(run.finished_at) == sealed["finished_at"]:
        now |= plain({"state": run.state, "exit_code": run.exit_code, "balance": run.balance})
    return [name for name, value in now.items() if value != sealed[name]]


def _extracts(ledger: Ledger, run_id: str, rank: int, sealed: dict[str, Any], found: Found) -> None:
    now = Listing(LISTED).of(extract_facts(ledger, run_id))
    if (now["count"], now["sha256"]) == (sealed["count"], sealed["sha256"]):
        return
    was = {str(item["name"]): item for item in sealed.get("items", ())}
    items: Any = now.get("items", ())
    is_now = {str(item["name"]): item for item in items}
    names = sorted(n for n in was.keys() | is_now.keys() if was.get(n) != is_now.get(n))
    for name in names or [f"{sealed['count']} -> {now['count']}"]:
        found.tell("AU-EXTRACT-01", name, run=run_id, rank=rank)


def _flows(
    ledger: Ledger, run_id: str, rank: int, sealed: dict[str, Any], found: Found, until: int
) -> None:
    """Tell flows that differ; one that an operator's word has built since is in its events."""
    later = ledger.flows_built(after=until)
    own = [flow_facts(f) for f in ledger.flows(run_id=run_id) if f.flow_id not in later]
    now = Listing(LISTED).of(own)
    if (now["count"], now["sha256"]) == (sealed["count"], sealed["sha256"]):
        return
    was = {str(item["flow_id"]): item for item in sealed.get("items", ())}
    is_now = {str(item["flow_id"]): plain(item) for item in own}
    ids = sorted(i for i in was.keys() | is_now.keys() if was.get(i) != is_now.get(i))
    for flow_id in ids or [f"{sealed['count']} -> {now['count']}"]:
        found.tell("AU-FLOW-01", flow_id, run=run_id, rank=rank)


def _which(rule: str, part: Differing) -> str:
    """Return the rule that says what happened: altered, removed, inserted."""
    if part.found == part.sealed:
        return f"{rule}-01"
    return f"{rule}-02" if part.found < part.sealed else f"{rule}-03"
