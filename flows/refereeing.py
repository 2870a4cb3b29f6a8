"""The referee's part of a night: it is asked about the XML that was built, before any deposit.

What it finds stops nothing: the invoices have passed our rules, and a difference is a defect of
ours to be looked at. It is recorded with the flow, told by the report, ends the run with the exit
code of a defect, and the XML is kept under ``state/referee``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from config.settings import Settings
from config.target import Target
from flows.errors import ExitCode
from flows.folders import StateFolders
from flows.ledger import FlowState, Ledger, MemberRecord
from flows.private_files import open_private
from flows.referee import Question, Referees, sampled, version_of
from flows.referee_process import Answer
from flows.sent import sent_members
from schemas import referee
from schemas.registry import RuleContext
from schemas.xsd import parse
from transforms.finding import Finding, Severity
from transforms.reading import read_invoice
from transforms.unbundle import Limits


@dataclass(slots=True)
class Refereed:
    """What the referee was asked in a night, and what came of it."""

    version: str
    judged: int = 0
    failed: int = 0
    disagreements: int = 0
    kept: list[Path] = field(default_factory=list)

    @property
    def told(self) -> tuple[str, ...]:
        """Return in words what went wrong; empty when nothing did."""
        told = []
        if self.disagreements:
            told.append(
                f"The referee ({self.version}) contradicts our rules {self.disagreements} times on "
                f"{self.judged} invoices: a defect of chorus-flows. The XML is in "
                f"{self.kept[0].parent}; report it with: chorus-flows validate --layers "
                f"rules,referee {self.kept[0]}"
            )
        if self.failed:
            told.append(
                f"The referee ({self.version}) could not judge {self.failed} of "
                f"{self.judged + self.failed} invoices: see the findings RF-FAILED-01."
            )
        return tuple(told)

    @property
    def exit_code(self) -> ExitCode:
        """A verdict that differs or is missing is a fault of ours; the night itself goes on."""
        return ExitCode.UNEXPECTED if self.told else ExitCode.OK


class _Asked(NamedTuple):
    """An invoice of the sample."""

    flow_id: str
    member: MemberRecord
    xml: bytes


def ask_referee(
    ledger: Ledger, folders: StateFolders, settings: Settings, context: RuleContext, run_id: str
) -> Refereed:
    """Ask about the invoices of a run that its policy chooses; record what differs.

    Args:
        ledger: tells the run's flows; takes the findings.
        folders: outbox to read from, folder for the XML to keep.
        settings: policy, rate, number of processes.
        context: of the run's rules, target included; the facts are those of each document.
        run_id: of the run.
    """
    done = Refereed(version_of(settings.syntax.value))
    policy = settings.referee
    asked = _sample(ledger, folders.outbox, settings, run_id)
    with Referees(processes=policy.processes, timeout=policy.timeout) as referees:
        queue: list[_Asked] = []

        def questions() -> Iterator[Question]:
            for one in asked:
                root, _ = parse(one.xml)
                assert root is not None  # it has passed the gate
                queue.append(one)
                yield Question(settings.syntax.value, root)

        for question, answer in referees.judge_all(questions()):
            one = queue.pop(0)
            found = _differing(question, answer, context, one.member.number)
            if answer.failure:
                done.failed += 1
            else:
                done.judged += 1
                done.disagreements += len(found)
            if found:
                done.kept.append(_keep(folders.referee(run_id), one))
                kept = {"kept": str(done.kept[-1])}
                told = [replace(each, params={**each.params, **kept}) for each in found]
                ledger.add_findings(run_id, told, flow_id=one.flow_id)
    return done


def _sample(ledger: Ledger, outbox: Path, settings: Settings, run_id: str) -> Iterator[_Asked]:
    limits = Limits(max_member_bytes=settings.attachments.max_invoice_bytes)
    for flow in ledger.flows(states={FlowState.BUILT}, run_id=run_id):
        chosen = {
            member.member_id: member
            for member in ledger.members(flow.flow_id)
            if sampled(settings.referee, member.identity_key or member.member_id)
        }
        if not chosen:
            continue
        for member_id, xml in sent_members(outbox, flow, limits):
            if member_id in chosen:
                yield _Asked(flow.flow_id, chosen[member_id], xml)


def _differing(
    question: Question, answer: Answer, context: RuleContext, number: str | None
) -> tuple[Finding, ...]:
    about = {"number": number or ""}
    if answer.failure:
        params = {**about, "reason": answer.failure}
        return (Finding("RF-FAILED-01", Severity.ERROR, params=params),)
    reading = read_invoice(question.root)
    here = replace(context, syntax=reading.syntax, facts=reading.facts)
    left_out = _waived(context.target, question, reading.invoice.type_code)
    ours = referee.broken(reading, here)
    differing = referee.compare(reading, question.root, ours, answer.fired, left_out)
    return referee.disagreements(differing, about)


def _waived(target: Target, question: Question, type_code: str | None) -> frozenset[str]:
    return referee.waived(target, syntax=question.syntax, type_code=type_code)


def _keep(folder: Path, one: _Asked) -> Path:
    path = folder / f"{one.member.member_id}.xml"
    with open_private(path) as stream:
        stream.write(one.xml)
    return path
