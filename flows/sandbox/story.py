"""Play the story of a scenario, step by step; the sandbox remembers where it is."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from flows.sandbox.memory import Memory
from flows.sandbox.messages import Message, Nature
from flows.sandbox.posting import Batch, Post
from flows.sandbox.reports import FlowVerdict, InvoiceStatus
from flows.sandbox.scenario import FlowAnswer, Scenario
from flows.sandbox.story_steps import FlowSaid, InvoiceSaid, StoryStep

_PLACE = "story"
_SEEN = "story_seen"
#: Beginning of the partner code in a flow id, and of the digits of its interface.
_CODE = 6
_FOREIGN = "AAA999"


class Story:
    """The story of a sandbox.

    Args:
        scenario: the steps.
        memory: what was received, and how far the story is.
        post: writes what is said.
        age: lets time pass by so many steps; returns the statuses written.
    """

    def __init__(
        self, scenario: Scenario, memory: Memory, post: Post, age: Callable[[int], int]
    ) -> None:
        self._steps = scenario.story
        self._memory = memory
        self._post = post
        self._age = age

    @property
    def over(self) -> bool:
        """Whether every step was played."""
        return self._memory.counter(_PLACE) >= len(self._steps)

    def next_step(self) -> str:
        """Play the next step and say what happened; empty when there is nothing to say.

        A step that waits for a flow is played again until one has been judged.
        """
        if self.over:
            return ""
        step = self._steps[self._memory.counter(_PLACE)]
        if step.age is not None:
            told = f"time passes: {self._age(step.age)} invoice statuses written"
            self._memory.advance(_PLACE)
            return _noted(step, told)
        with self._memory.transaction():
            told = self._play(step)
            if told:
                self._memory.advance(_PLACE)
        return _noted(step, told) if told else ""

    def _play(self, step: StoryStep) -> str:
        if step.hours is not None:
            self._memory.advance("hours", step.hours)
            return f"{step.hours} hours pass"
        if step.say is not None:
            return f"statuses written: {self._say(step.say)}"
        if step.report is not None:
            return f"reports written: {self._report(step.report)}"
        if step.file is not None:
            return f"file written: {self._post.drop(step.file.name, step.file.text)}"
        last = self._memory.last_arrival()
        new = last - self._memory.counter(_SEEN)
        if new <= 0:
            return ""
        self._memory.advance(_SEEN, new)
        return "a flow has come"

    def _say(self, said: InvoiceSaid) -> int:
        at = said.at or self._post.now()
        if said.seller:
            foreign = InvoiceStatus(
                status=said.status,
                supplier_type=1,
                supplier=said.seller,
                supplier_name="",
                buyer="11000201100044",
                buyer_name="",
                service="",
                number=said.number,
                issued=None,
                at=at,
                comment=said.comment,
            )
            self._post.life([Batch(self._post.now(), _FOREIGN, (foreign,))])
            return 1
        meant = [one for one in self._memory.accepted() if fnmatchcase(one.number, said.number)]
        for invoice in meant:
            status = InvoiceStatus(
                status=said.status,
                supplier_type=invoice.supplier_type,
                supplier=invoice.supplier,
                supplier_name=invoice.supplier_name,
                buyer=invoice.buyer,
                buyer_name=invoice.buyer_name,
                service=invoice.service,
                number=invoice.number,
                issued=invoice.issued,
                at=at,
                comment=said.comment,
            )
            self._post.life([Batch(self._post.now(), invoice.application, (status,))])
        return len(meant)

    def _report(self, said: FlowSaid) -> int:
        flows = [said.flow] if said.flow else self._carriers(said.number)
        for flow_id in flows:
            line = Message("SBX_MSG_08.001", said.text, Nature.FUNCTIONAL) if said.text else None
            verdict = FlowVerdict(flow_id, flow_id[:_CODE], (flow_id,), irrecevable=line)
            interface = f"FSO{flow_id[_CODE : _CODE + 4]}A"
            self._post.report(verdict, interface, FlowAnswer(status=said.status), at=said.at)
        return len(flows)

    def _carriers(self, number: str) -> list[str]:
        return [
            arrival.flow_id
            for arrival in self._memory.arrivals()
            if any(fnmatchcase(invoice.number, number) for invoice in arrival.invoices)
        ]


def _noted(step: StoryStep, told: str) -> str:
    return f"{step.note} ({told})" if step.note else told
