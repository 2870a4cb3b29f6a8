"""The script of the demo: what must become of every sample invoice, and what did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from config.yaml_text import load_yaml
from flows.ledger import InvoiceRecord, InvoiceState, Ledger

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Fate:
    """What must become of one invoice that is not simply integrated.

    Attributes:
        file: extract that holds it, by the name it arrives under.
        state: state in the ledger at the end of the demo.
        rule: rule of a finding that must tell why; empty for an invoice skipped.
    """

    file: str
    number: str
    state: InvoiceState
    rule: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the ledger is compared by."""
        return self.file, self.number, self.state.value

    def as_dict(self) -> dict[str, str]:
        """Return the fate as plain data."""
        rule = {"rule": self.rule} if self.rule else {}
        return {"file": self.file, "number": self.number, "state": self.state.value, **rule}


@dataclass(frozen=True, slots=True)
class ScriptedNight:
    """One night: invoices read, their number per state and per reason, the odd ones by number."""

    read: int
    states: Mapping[str, int]
    reasons: Mapping[str, int]
    fates: tuple[Fate, ...]


def scripted(read: int, fates: Iterable[Fate]) -> ScriptedNight:
    """Return the night in which ``read`` invoices are integrated but for those of ``fates``."""
    told = tuple(fates)
    states = Counter(fate.state.value for fate in told)
    states[InvoiceState.INTEGRATED.value] = read - len(told)
    reasons = Counter(fate.rule for fate in told if fate.rule)
    return ScriptedNight(read, dict(sorted(states.items())), dict(sorted(reasons.items())), told)


@cache
def load_story() -> tuple[ScriptedNight, ...]:
    """Return the nights of ``data/story.yaml``."""
    text = (files("flows.demo") / "data" / "story.yaml").read_text(encoding="utf-8")
    return tuple(
        ScriptedNight(
            night["read"],
            night["states"],
            night["reasons"],
            tuple(
                Fate(
                    item["file"], item["number"], InvoiceState(item["state"]), item.get("rule", "")
                )
                for item in night["invoices"]
            ),
        )
        for night in load_yaml(text)["nights"]
    )


def differences(ledger: Ledger, run_id: str, script: ScriptedNight) -> list[str]:
    """Return every difference between a run and its script, in words; empty when it went so."""
    records = list(ledger.invoices(run_id=run_id))
    found: list[str] = []
    if len(records) != script.read:
        found.append(f"{script.read} invoices expected, {len(records)} read")
    states = Counter(record.state.value for record in records)
    found += [
        f"{state}: {script.states.get(state, 0)} invoices expected, {states[state]} found"
        for state in sorted(states.keys() | script.states.keys())
        if script.states.get(state, 0) != states[state]
    ]
    odd = Counter(_key(r) for r in records if r.state is not InvoiceState.INTEGRATED)
    expected = Counter(fate.key for fate in script.fates)
    found += [f"{_words(key)}: expected, not so" for key in _each(expected - odd)]
    found += [f"{_words(key)}: not in the script" for key in _each(odd - expected)]
    found += _reasons(ledger, run_id, records, script)
    return found


def _reasons(
    ledger: Ledger, run_id: str, records: Iterable[InvoiceRecord], script: ScriptedNight
) -> list[str]:
    rules: dict[int | None, set[str]] = {}
    for told in ledger.findings(run_id=run_id):
        rules.setdefault(told.invoice_row, set()).add(told.finding.rule)
    wanted = {fate.key: fate.rule for fate in script.fates if fate.rule}
    found = []
    for record in records:
        rule = wanted.get(_key(record))
        has = rules.get(record.invoice_row, set())
        if rule is not None and rule not in has:
            found.append(f"{_words(_key(record))}: {rule} expected, {sorted(has)} found")
    return found[:_SHOWN]


def _key(record: InvoiceRecord) -> tuple[str, str, str]:
    return record.file, record.number or "?", record.state.value


def _each(counter: Counter[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return sorted(counter.elements())[:_SHOWN]


def _words(key: tuple[str, str, str]) -> str:
    file, number, state = key
    return f"{file}, {number}, {state}"
