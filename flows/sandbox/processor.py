"""Judge a deposited flow: envelope, then each invoice, then what is already known.

The judge reads the bytes and its own memory, nothing else; the answers' manner is the
scenario's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.sandbox.directory import Directory
from flows.sandbox.envelope import (
    FlowName,
    IrrecevableError,
    Member,
    check_name,
    members,
    read_name,
)
from flows.sandbox.invoice_view import InvoiceView, Syntax
from flows.sandbox.judge_directory import judge_directory
from flows.sandbox.judge_invoice import issue_date, judge_invoice
from flows.sandbox.memory import ArrivedInvoice, KnownInvoice, Memory
from flows.sandbox.messages import Message, irrecevable, refused
from flows.sandbox.reports import FlowVerdict, RefusedMember
from flows.sandbox.scenario import Scenario
from flows.sandbox.schema_check import UnreadableError, parse

#: Scheme of the supplier's identifier -> TypeIdentifiant of CPPStatut (pivot schema V2_02; the
#: ISO 6523 schemes as used by the 2026 reform). Without a scheme: a SIRET.
_SUPPLIER_TYPES = {"2": 2, "0223": 2, "3": 3, "ETR": 3, "0227": 3, "4": 4, "RIDET": 4}
_SUPPLIER_TYPES |= {"0228": 4, "5": 5, "0229": 5, "6": 6, "7": 7}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A flow judged: its verdict and its invoices, accepted or not."""

    name: FlowName | None
    verdict: FlowVerdict
    invoices: tuple[KnownInvoice, ...]


class Processor:
    """The judge of flows.

    Args:
        memory: accepted invoices and used flow ids.
        directory: public structures.
        scenario: rejections wanted by the story, doubtful checks, lives.
        applications: partner codes with a connection; empty: any.
    """

    def __init__(
        self,
        memory: Memory,
        directory: Directory,
        scenario: Scenario,
        applications: frozenset[str] = frozenset(),
    ) -> None:
        self._memory = memory
        self._directory = directory
        self._scenario = scenario
        self._applications = applications

    def judge(self, path: Path, file_name: str, today: date) -> Judgement:
        """Return the judgement of the flow stored at ``path``, deposited as ``file_name``."""
        name: FlowName | None = None
        try:
            name = read_name(file_name)
            syntax: Syntax = check_name(name, self._applications)
            self._refuse_known((name.flow_id,))
            return self._judge_members(path, name, syntax, today)
        except IrrecevableError as error:
            verdict = FlowVerdict(
                flow_id=name.flow_id if name else file_name,
                application=name.application if name else "",
                irrecevable=error.message,
            )
            return Judgement(name, verdict, ())

    def _refuse_known(self, flow_ids: tuple[str, ...]) -> None:
        known = self._memory.already_taken(flow_ids)
        if known is not None:
            text = f"L'identifiant de flux {known} a deja ete recu"
            raise IrrecevableError(irrecevable("016", text))

    def _judge_members(self, path: Path, name: FlowName, syntax: Syntax, today: date) -> Judgement:
        # Streamed: nothing is kept of a member but what the report and the memory need.
        invoices: list[KnownInvoice] = []
        bad: list[RefusedMember] = []
        keys: set[str] = set()
        position = self._memory.counter("valid")
        for member in members(path, name):
            self._refuse_known((member.flow_id,))
            try:
                view = parse(member.content, syntax)
            except UnreadableError as error:
                messages: tuple[Message, ...] = (error.message,)
                errors = (error.message.text,)
                invoices.append(KnownInvoice(member.flow_id, name.application, errors=errors))
            else:
                key = self._key(view)
                messages = self._judge_invoice(view, key, keys, today)
                if not messages:
                    position += 1
                    messages = self._story(view, position)
                if not messages:
                    keys.add(key)
                invoices.append(self._known(view, member, name, key, messages, position))
            if messages:
                bad.append(
                    RefusedMember(member.flow_id, member.name, invoices[-1].number, messages)
                )
        self._memory.advance("valid", position - self._memory.counter("valid"))
        verdict = FlowVerdict(
            name.flow_id,
            name.application,
            tuple(invoice.member_id for invoice in invoices),
            tuple(bad),
        )
        return Judgement(name, verdict, tuple(invoices))

    def _judge_invoice(
        self, view: InvoiceView, key: str, keys: set[str], today: date
    ) -> tuple[Message, ...]:
        messages = judge_invoice(view, self._scenario.checks, today)
        messages += judge_directory(view, self._directory)
        if not messages and (key in keys or self._memory.is_accepted(key)):
            texts = self._scenario.checks.duplicate_texts
            text = texts[(self._memory.advance("duplicates") - 1) % len(texts)]
            filled = _filled(text, number=view.text("number"), path=view.path("number"))
            messages = (refused("030", filled),)
        return messages

    def _story(self, view: InvoiceView, position: int) -> tuple[Message, ...]:
        """Return the rejection the scenario wants for an invoice that is right."""
        number = view.text("number")
        wanted = self._scenario.rejections_of(
            number, view.text("buyer"), view.text("service"), position
        )
        for rank, rejection in wanted:
            if self._memory.use(f"rejection:{rank}", rejection.times):
                return (Message(rejection.code, _filled(rejection.text, number=number)),)
        return ()

    def _key(self, view: InvoiceView) -> str:
        parts = [view.text("supplier"), view.text("number")]
        if self._scenario.checks.duplicate_with_year:
            day = issue_date(view)
            parts.append(str(day.year) if day else "")
        return "\x1f".join(parts)

    def _known(
        self,
        view: InvoiceView,
        member: Member,
        name: FlowName,
        key: str,
        messages: tuple[Message, ...],
        position: int,
    ) -> KnownInvoice:
        number, buyer, service = (view.text(t) for t in ("number", "buyer", "service"))
        life = self._scenario.life(number, buyer, service, position)
        structure = self._directory.find(buyer)
        return KnownInvoice(
            member_id=member.flow_id,
            application=name.application,
            accepted=not messages,
            supplier_type=_SUPPLIER_TYPES.get(view.scheme("supplier"), 1),
            supplier=view.text("supplier"),
            supplier_name=view.text("supplier_name"),
            buyer=buyer,
            buyer_name=structure.name if structure else view.text("buyer_name"),
            service=service,
            number=number,
            issued=issue_date(view),
            errors=tuple(message.text for message in messages),
            key=key,
            life=life.statuses if not messages else (),
            comment=life.comment,
        )


def _filled(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def contents(path: Path, file_name: str) -> tuple[ArrivedInvoice, ...]:
    """Return the invoices in a flow that is not judged, as far as they can be read."""
    found: list[ArrivedInvoice] = []
    try:
        name = read_name(file_name)
        syntax: Syntax = check_name(name, ())
        for member in members(path, name):
            try:
                view = parse(member.content, syntax)
            except UnreadableError:
                found.append(ArrivedInvoice(member.flow_id, "", ""))
                continue
            supplier, number = view.text("supplier"), view.text("number")
            found.append(ArrivedInvoice(member.flow_id, supplier, number))
    except IrrecevableError:
        pass  # what was read before the fault is what is known
    return tuple(found)
