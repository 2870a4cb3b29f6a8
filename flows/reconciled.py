"""What a reconciliation of a restored ledger came to, in words and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from flows.collect_result import CollectResult
from flows.errors import ExitCode, worst
from flows.ledger import FlowState, Ledger
from flows.recovery import RecoveryResult

_SHOWN = 5


@dataclass(slots=True)
class Reconciled:
    """What was ahead of the ledger, and what was recorded.

    Attributes:
        ahead: what was ahead, in words.
        beyond: flows that the other side knows and the ledger did not send.
        nothing: whether nothing was ahead.
        rehearsal: whether nothing was recorded.
        runs: runs recorded again; the next night resumes them.
        flows: forgotten flows, with the state they have now.
        invoices: invoices of these flows.
        from_xml: flows whose file of members was missing.
        shared: numbers that another flow holds, by invoice number.
        sequences: flow numbers are reserved up to these, by interface.
        waiting: invoices that waited and had been sent by a forgotten night.
        copies: return files recorded again.
        manifests: manifests recorded again.
        unreadable: flows of which nothing can be told, and why.
        vanished: flows that the journal or the other side names and the outbox does not hold.
        imports: lists of a former tool whose numbers must be imported again.
    """

    ahead: tuple[str, ...]
    beyond: tuple[str, ...] = ()
    nothing: bool = False
    rehearsal: bool = False
    runs: list[str] = field(default_factory=list)
    flows: dict[str, str] = field(default_factory=dict)
    invoices: int = 0
    from_xml: int = 0
    shared: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    copies: int = 0
    manifests: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    vanished: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()
    collected: CollectResult | None = None
    recovery: RecoveryResult | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Attention when a person must look further, else as the collect went."""
        look = self.in_doubt or self.unreadable or self.vanished or self.imports
        codes = [ExitCode.ATTENTION] if look else []
        if self.collected is not None:
            codes.append(self.collected.exit_code)
        if self.recovery is not None and self.recovery.problem is not None:
            codes.append(self.recovery.exit_code)
        return worst(*codes)

    def states_of(self, ledger: Ledger, lost: Collection[str]) -> None:
        """Fill in where the flows are now."""
        self.flows = {
            flow_id: flow.state.value
            for flow_id in lost
            if (flow := ledger.flow(flow_id)) is not None
        }
        self.in_doubt = tuple(f.flow_id for f in ledger.flows(states={FlowState.IN_DOUBT}))

    def _problems(self) -> list[str]:
        results = (self.collected, self.recovery)
        return [str(r.problem) for r in results if r is not None and r.problem is not None]

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        if self.nothing:
            return ["The ledger knows all that journal, outbox, manifests and the other side know."]
        told = [f"ahead of the ledger: {what}" for what in self.ahead]
        if self.beyond:
            told.append(f"the other side knows flows that it did not send: {_some(self.beyond)}")
        if self.rehearsal:
            told.append("Nothing was recorded; without --dry-run this would be:")
        if self.runs:
            told.append(f"runs recorded again: {', '.join(self.runs)}; the next run resumes them")
            told.append("  their findings and reports are written anew by that")
        states = Counter(self.flows.values())
        for state, count in sorted(states.items()):
            told.append(f"flows recorded again, {state}: {count}")
        if self.flows:
            told.append(f"  invoices in them: {self.invoices}")
        if self.from_xml:
            told.append(
                f"  {self.from_xml} of them told by their XML alone: their invoices hold their "
                "numbers, their content cannot be compared"
            )
        for interface, upto in sorted(self.sequences.items()):
            told.append(f"flow numbers of {interface} go on above {upto}")
        if self.waiting:
            told.append(f"waiting invoices that had been sent: {self.waiting}")
        if self.copies:
            told.append(f"return files read again: {self.copies}")
        if self.manifests:
            told.append(f"manifests recorded again: {self.manifests}")
        told += [f"! {problem}" for problem in self._problems()]
        for number, holder in sorted(self.shared.items()):
            told.append(f"! the number {number} was sent more than once; {holder} holds it")
        for flow_id, why in sorted(self.unreadable.items()):
            told.append(f"! nothing can be told of flow {flow_id}: {why}")
        if self.vanished:
            told.append(
                f"! not in the outbox any more: {_some(self.vanished)}; restore the outbox and "
                "reconcile again, or hold their numbers: chorus-flows ledger import-sent"
            )
        told += [
            f"! the list {name} must be imported again: chorus-flows ledger import-sent"
            for name in self.imports
        ]
        told += [
            f"! flow {flow_id} is in doubt: its report will tell, else look on the portal, then: "
            f"chorus-flows flow resolve {flow_id} --deposited or --resend"
            for flow_id in self.in_doubt
        ]
        return told


def _some(names: Collection[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
