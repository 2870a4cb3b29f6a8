"""What a ledger's tables hold, in the words of the model, and whether they agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping, select

from flows.ledger import tables
from tests.soak.ledger_model import LedgerModel
from tests.soak.ledger_rules import FLOW_STATES, INVOICE_STATES, Key, Scope

#: From, to, who.
Move: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class Dump:
    """All that a model foretells."""

    runs: dict[str, tuple[Scope, str, str]] = field(default_factory=dict)
    extracts: dict[tuple[str, str], str] = field(default_factory=dict)
    invoices: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    flows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    holders: dict[str, Key] = field(default_factory=dict)
    members: dict[Key, list[tuple[str, str, int]]] = field(default_factory=dict)
    """Flow, member id and attempt of each deposit of an invoice, in order."""
    numbers: dict[tuple[str, str], list[range]] = field(default_factory=dict)
    returns: dict[tuple[Scope, str], tuple[str, int]] = field(default_factory=dict)
    history: dict[tuple[str, object], list[Move]] = field(default_factory=dict)


def of_model(model: LedgerModel) -> Dump:
    """Return what the model foretells."""
    return Dump(
        runs={run.run_id: (run.scope, run.kind, run.state) for run in model.runs.values()},
        extracts={
            (run.run_id, sha256): state
            for run in model.runs.values()
            for sha256, state in run.extracts.items()
        },
        invoices={
            one.key: (
                one.scope,
                one.number,
                one.identity,
                one.state,
                one.total,
                one.flow,
                one.member,
                one.nights,
                one.taken_over_by,
                one.life,
            )
            for one in model.invoices.values()
        },
        flows={
            flow.flow_id: (flow.scope, flow.run_id, flow.state, flow.attempts, flow.replaces)
            for flow in model.flows.values()
        },
        holders=dict(model.holders),
        members={
            one.key: [(flow, member, rank) for rank, (flow, member) in enumerate(one.members, 1)]
            for one in model.invoices.values()
            if one.members
        },
        numbers={key: list(blocks) for key, blocks in model.numbers.items() if blocks},
        returns={key: (one.state, one.statuses) for key, one in model.returns.items()},
        history={key: list(moves) for key, moves in model.history.items() if moves},
    )


def of_ledger(connection: Connection) -> Dump:
    """Return what the tables hold.

    Raises:
        AssertionError: they contradict themselves.
    """
    events = _rows(connection, tables.events)
    invoices = _rows(connection, tables.invoices)
    deposits = _rows(connection, tables.deposits)
    flows = _rows(connection, tables.flows, tables.flows.c.flow_id)
    problems = [
        *_untold(invoices, flows, events),
        *_astray(invoices, deposits),
        *_back_in_time(events),
    ]
    assert not problems, "\n".join(problems)
    keys: dict[int, Key] = {one["id"]: _key(one) for one in invoices}
    returned = _rows(connection, tables.returns)
    statuses = Counter(one["return_id"] for one in _rows(connection, tables.statuses))
    dump = Dump(
        runs={
            one["run_id"]: (_scope(one), one["kind"], one["state"].value)
            for one in _rows(connection, tables.runs, tables.runs.c.run_id)
        },
        extracts={
            (one["run_id"], one["sha256"]): one["state"].value
            for one in _rows(connection, tables.extracts)
        },
        invoices={_key(one): _invoice(one) for one in invoices},
        flows={
            one["flow_id"]: (
                _scope(one),
                one["run_id"],
                one["state"].value,
                one["attempts"],
                one["replaces"],
            )
            for one in flows
        },
        holders={
            one["key"]: keys[one["invoice_id"]]
            for one in _rows(connection, tables.identities, tables.identities.c.key)
        },
        returns={
            (_scope(one), one["sha256"]): (one["state"].value, statuses[one["id"]])
            for one in returned
        },
    )
    for one in deposits:
        dump.members.setdefault(keys[one["invoice_id"]], []).append(
            (one["flow_id"], one["member_id"], one["attempt"])
        )
    for one in _rows(connection, tables.sequences):
        dump.numbers.setdefault((one["emitter"], one["interface"]), []).append(
            range(one["first"], one["last"] + 1)
        )
    for one in events:
        move = (one["source"], one["target"], one["actor"])
        if one["target"] != "noted":
            dump.history.setdefault((one["kind"], _subject(one, keys)), []).append(move)
    return dump


def differences(found: Dump, foretold: Dump) -> list[str]:
    """Return where a ledger and a model disagree, in words."""
    told: list[str] = []
    for name in Dump.__dataclass_fields__:
        ours, theirs = getattr(found, name), getattr(foretold, name)
        told += [
            f"{name} {key}: the ledger says {ours.get(key)}, the model {theirs.get(key)}"
            for key in sorted({*ours, *theirs}, key=str)
            if ours.get(key) != theirs.get(key)
        ]
    return told


def _untold(
    invoices: Sequence[RowMapping], flows: Sequence[RowMapping], events: Sequence[RowMapping]
) -> list[str]:
    """Return whatever the events, told again from the first, do not lead to."""
    chains: dict[tuple[str, object], list[tuple[str, str]]] = defaultdict(list)
    uploads: Counter[str] = Counter()
    for event in events:
        subject = event["invoice_id"] if event["kind"] == "invoice" else event["flow_id"]
        states_of = {"invoice": INVOICE_STATES, "flow": FLOW_STATES}.get(event["kind"], ())
        if event["target"] in states_of:  # others are notes: taken over, handed back…
            chains[event["kind"], subject].append((event["source"], event["target"]))
        if event["kind"] == "flow" and event["target"] == "uploading":
            uploads[event["flow_id"]] += 1
    told: list[str] = []
    states = {("invoice", one["id"]): one["state"].value for one in invoices}
    states |= {("flow", one["flow_id"]): one["state"].value for one in flows}
    for subject, state in states.items():
        chain = chains[subject]
        broken = [(a, b) for a, b in pairwise(chain) if a[1] != b[0]]
        if not chain or broken or chain[-1][1] != state:
            told.append(f"{subject} is {state}; its events tell {chain}")
    for flow in flows:
        if flow["attempts"] != uploads[flow["flow_id"]]:
            told.append(
                f"flow {flow['flow_id']}: {flow['attempts']} attempts counted, "
                f"{uploads[flow['flow_id']]} told"
            )
    return told


def _astray(invoices: Sequence[RowMapping], deposits: Sequence[RowMapping]) -> list[str]:
    """Return the invoices whose last deposit is not what they say of themselves."""
    last = {one["invoice_id"]: one for one in deposits}
    told: list[str] = []
    for one in invoices:
        deposit = last.get(one["id"])
        says = (one["flow_id"], one["member_id"], one["state"])
        told_there = (
            (deposit["flow_id"], deposit["member_id"], deposit["outcome"])
            if deposit is not None
            else (None, None, one["state"])
        )
        if says != told_there:
            told.append(f"invoice {one['id']} says {says}, its last deposit {told_there}")
    return told


def _back_in_time(events: Sequence[RowMapping]) -> list[str]:
    return [
        f"event {after['id']} is older than event {before['id']}"
        for before, after in pairwise(events)
        if after["at"] < before["at"]
    ]


def _rows(connection: Connection, table: Any, order: Any = None) -> Sequence[RowMapping]:
    by = table.c.id if order is None else order
    return connection.execute(select(table).order_by(by)).mappings().all()


def _scope(row: RowMapping) -> Scope:
    return row["company"], row["emitter"]


def _key(row: RowMapping) -> Key:
    return row["run_id"], row["file_sha256"], row["first_line"]


def _invoice(row: RowMapping) -> tuple[Any, ...]:
    life = (row["life_status"], row["life_at"]) if row["life_status"] is not None else None
    return (
        _scope(row),
        row["number"],
        row["identity_key"],
        row["state"].value,
        row["total"],
        row["flow_id"],
        row["member_id"],
        row["nights"],
        row["taken_over_by"],
        life,
    )


def _subject(event: RowMapping, keys: dict[int, Key]) -> object:
    match event["kind"]:
        case "invoice" | "identity":
            return keys.get(event["invoice_id"])
        case "flow":
            return event["flow_id"]
        case "return":
            return _scope(event), event["reason"].partition(" ")[0]
        case _:
            return event["run_id"]
