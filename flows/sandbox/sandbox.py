"""Chorus Pro in miniature: one object that receives, judges, answers and lets time pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from flows.sandbox.directory import Directory, load_directory
from flows.sandbox.faults import Faults
from flows.sandbox.mailbox import Mailbox, Parcel
from flows.sandbox.memory import Arrival, KnownInvoice, Memory
from flows.sandbox.messages import irrecevable
from flows.sandbox.posting import Post
from flows.sandbox.processor import Judgement, Processor, contents
from flows.sandbox.reports import FlowVerdict
from flows.sandbox.scenario import FlowAnswer, Scenario
from flows.sandbox.server import HOST, USER, SftpServer
from flows.sandbox.story import Story


def utc_now() -> datetime:
    """Return the present time, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class SandboxSummary:
    """What one round of judging did.

    Attributes:
        flows: flows judged, by status (90, 93, 96); 0 counts incidents.
        accepted: invoices integrated.
        rejected: invoices refused one by one; those of irrecevable flows are not counted.
        reports: names of the return files now in ``out``.
    """

    flows: Counter[int] = field(default_factory=Counter)
    accepted: int = 0
    rejected: int = 0
    reports: list[str] = field(default_factory=list)


class Sandbox:
    """A sandbox in a folder; a context manager that starts and stops the SFTP server.

    Args:
        root: folder of the sandbox; made when missing, kept between two starts.
        scenario: the story; none: an honest platform.
        directory: public structures; none: those that ship.
        applications: partner codes with a connection; empty: any.
        port: TCP port on the loopback interface; 0: any free one.
        clock: present time; a fixed one makes every byte of the answers reproducible.
        takes_at_once: take a flow out of ``in`` the moment it has its final name, as a real
            gateway may; else at :meth:`process`.
    """

    def __init__(
        self,
        root: Path,
        *,
        scenario: Scenario | None = None,
        directory: Directory | None = None,
        applications: Collection[str] = (),
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
        takes_at_once: bool = False,
    ) -> None:
        self.root = root
        self.scenario = scenario or Scenario()
        self.directory = directory or load_directory()
        self.faults = Faults()
        self._mailbox = Mailbox(root)
        self._memory = Memory(root / "sandbox.sqlite")
        self._processor = Processor(
            self._memory, self.directory, self.scenario, frozenset(applications)
        )
        self._post = Post(root, self._mailbox.outgoing, self._memory, self.scenario, clock)
        self._story = Story(self.scenario, self._memory, self._post, self.age)
        self._server = SftpServer(
            self._mailbox.exchange,
            root / "keys",
            port=port,
            faults=self.faults,
            on_arrival=self._mailbox.take if takes_at_once else None,
        )

    # -- the server ------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Address of the SFTP server."""
        return HOST

    @property
    def port(self) -> int:
        """Port of the SFTP server; 0 before the first start when any free one was asked for."""
        return self._server.port

    @property
    def user(self) -> str:
        """The one user."""
        return USER

    @property
    def client_key(self) -> Path:
        """Private key of the user."""
        return self._server.keys.client_key

    @property
    def known_hosts(self) -> Path:
        """OpenSSH ``known_hosts`` file with the host key; right once started."""
        return self._server.keys.known_hosts

    @property
    def in_folder(self) -> Path:
        """Folder the client drops flows in."""
        return self._mailbox.incoming

    @property
    def out_folder(self) -> Path:
        """Folder the client fetches return flows from."""
        return self._mailbox.outgoing

    def start(self) -> None:
        """Start the SFTP server.

        Raises:
            SandboxServerError: when it cannot listen.
        """
        self._server.start()

    def stop(self) -> None:
        """Stop the SFTP server and cut its connections; what was received stays."""
        self._server.stop()

    def close(self) -> None:
        """Stop the server and close the memory."""
        self.stop()
        self._memory.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- what arrived ----------------------------------------------------------------------------

    def received(self) -> list[Arrival]:
        """Return everything that has arrived under a final name, judged or not, oldest first."""
        waiting = [
            Arrival(
                parcel.name,
                parcel.name[16:] or parcel.name,
                parcel.size,
                parcel.sha256,
                invoices=contents(parcel.path, parcel.name),
            )
            for parcel in self._mailbox.waiting()
        ]
        return self._memory.arrivals() + waiting

    def flow_counts(self) -> Counter[str]:
        """Return how often each flow name has arrived; above 1, something was sent twice."""
        return Counter(arrival.name for arrival in self.received())

    def invoice_counts(self) -> Counter[tuple[str, str]]:
        """Return how often each (supplier, number) has arrived, whatever became of it."""
        return Counter(
            (invoice.supplier, invoice.number)
            for arrival in self.received()
            for invoice in arrival.invoices
        )

    # -- judging ---------------------------------------------------------------------------------

    def process(self) -> SandboxSummary:
        """Judge everything that has arrived and write the reports to ``out``."""
        summary = SandboxSummary()
        for parcel in self._mailbox.take_all():
            with self._memory.transaction():
                self._judge(parcel, summary)
            self._mailbox.archive(parcel)
        return summary

    def _judge(self, parcel: Parcel, summary: SandboxSummary) -> None:
        at = self._post.now()
        judgement = self._processor.judge(parcel.path, parcel.name, at.date())
        interface = judgement.name.interface if judgement.name else ""
        answer = self._answer(interface, judgement)
        incident = answer.answer == "incident"
        judgement = _overruled(judgement, answer)
        verdict = judgement.verdict
        status = None if incident else verdict.status
        arrival = Arrival(parcel.name, verdict.flow_id, parcel.size, parcel.sha256, status)
        since = self._memory.last_arrival()
        self._memory.use_flow_ids((verdict.flow_id, *verdict.member_ids))
        invoices = judgement.invoices or _unjudged(parcel, judgement)
        self._memory.record(arrival, at.isoformat(), parcel.path.name, invoices)
        summary.flows[status or 0] += 1
        summary.accepted += sum(invoice.accepted for invoice in invoices)
        summary.rejected += 0 if incident else len(verdict.refused)
        for code in answer.before:
            on_the_way = answer.model_copy(update={"status": code, "late": 0})
            bare = FlowVerdict(verdict.flow_id, verdict.application, verdict.member_ids)
            summary.reports += self._post.report(bare, interface, on_the_way)
        if answer.answer in {"judge", "irrecevable"} or answer.status is not None:
            summary.reports += self._post.report(verdict, interface, answer)
        for _ in range(self.scenario.at_integration):
            batches = self._post.step(self._memory.ageing(since))
            summary.reports += self._post.life(batches)

    def _answer(self, interface: str, judgement: Judgement) -> FlowAnswer:
        """Return what the story says of a flow."""
        numbers = [invoice.number for invoice in judgement.invoices]
        position = self._memory.advance("flows")
        for rank, answer in self.scenario.flow_answers(interface, position, numbers):
            if self._memory.use(f"answer:{rank}", answer.times):
                return answer
        return FlowAnswer()

    def next_step(self) -> str:
        """Play the next step of the scenario's story and say what happened.

        Empty when it waits for a flow, or is over (:attr:`story_over`).
        """
        return self._story.next_step()

    @property
    def story_over(self) -> bool:
        """Whether every step of the story was played; true without a story."""
        return self._story.over

    def age(self, steps: int = 1) -> int:
        """Let time pass: late reports come out, each accepted invoice takes a step of its life.

        Returns:
            Invoice statuses written to ``out``, repeats not counted.
        """
        batches = []
        with self._memory.transaction():
            for _ in range(steps):
                self._memory.advance("aged")
                self._post.release()
                batches += self._post.step(self._memory.ageing())
            self._post.life(batches)
        return sum(len(batch.statuses) for batch in batches)


_FAULTS = {
    "name": ("001", "Le nom du flux {} ne respecte pas la regle de nommage"),
    "compression": ("005", "Le flux {} n'est pas une archive tar.gz lisible"),
}


def _overruled(judgement: Judgement, answer: FlowAnswer) -> Judgement:
    """Return the judgement where the story lets something else happen to the whole flow."""
    if answer.answer not in {"incident", "irrecevable"}:
        return judgement
    reason = None
    if answer.answer == "irrecevable":
        code, text = _FAULTS[answer.fault]
        reason = irrecevable(code, text.format(judgement.verdict.flow_id))
    verdict = replace(judgement.verdict, refused=(), irrecevable=reason)
    return replace(judgement, verdict=verdict, invoices=())


def _unjudged(parcel: Parcel, judgement: Judgement) -> tuple[KnownInvoice, ...]:
    """Return the invoices of a flow refused as a whole or met by an incident: none accepted."""
    reason = judgement.verdict.irrecevable
    errors = (reason.text,) if reason else ()
    return tuple(
        KnownInvoice(
            invoice.member_id,
            judgement.verdict.application,
            supplier=invoice.supplier,
            number=invoice.number,
            errors=errors,
        )
        for invoice in contents(parcel.path, parcel.name)
    )
