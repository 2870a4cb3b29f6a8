"""The referee: the official Schematron, asked about an invoice that we have judged ourselves.

Policy (settings, ``referee``): every invoice, a sample chosen by the hash of its identity, so
that the same night always asks about the same invoices, or none. A verdict that cannot be had is
told as such (RF-FAILED-01), never taken for a pass.
"""

from __future__ import annotations

import hashlib
import queue
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import TracebackType
from typing import NamedTuple

from lxml import etree

from config.settings import Referee as RefereeSettings
from config.target import SyntaxName
from flows.errors import ConfigurationError
from flows.fanout import map_in_order
from flows.referee_process import Answer, RefereeProcess
from schemas.catalogue import SchemaFileError
from schemas.referee import artefact_name, load_artefact

_SALT = b"chorus-flows referee 1\0"
_SCALE = 2**64
#: Longer base64 is shortened: no rule looks into an attachment, and a text of 100 MB is costly.
_LONGEST_CONTENT = 1_000
_CONTENT = ("{*}AttachmentBinaryObject", "{*}EmbeddedDocumentBinaryObject")


class Question(NamedTuple):
    """One invoice to ask about."""

    syntax: SyntaxName
    root: etree._Element


class Referees:
    """Processes of the referee, started at the first question, ended with the block.

    Args:
        processes: how many; each holds about 250 MB.
        timeout: seconds for one invoice.
    """

    def __init__(self, *, processes: int = 1, timeout: float = 60) -> None:
        self._all = [RefereeProcess(timeout) for _ in range(processes)]
        self._idle: queue.SimpleQueue[RefereeProcess] = queue.SimpleQueue()
        for process in self._all:
            self._idle.put(process)

    def __enter__(self) -> Referees:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        for process in self._all:
            process.close()

    def judge(self, question: Question) -> Answer:
        """Return the verdict on one invoice; may be called from several threads."""
        process = self._idle.get()
        try:
            return process.judge(question.syntax, text_of(question.root))
        finally:
            self._idle.put(process)

    def judge_all(self, questions: Iterable[Question]) -> Iterator[tuple[Question, Answer]]:
        """Yield the verdicts in the order of the questions, a few of them in flight."""
        count = len(self._all)
        with ThreadPoolExecutor(count) as threads:
            yield from map_in_order(threads, count, self.judge, questions)


def sampled(settings: RefereeSettings, identity: str) -> bool:
    """Whether the policy asks about the invoice of this identity key; always the same answer."""
    if settings.policy != "sample":
        return settings.policy == "all"
    digest = hashlib.sha256(_SALT + identity.encode()).digest()
    return Decimal(int.from_bytes(digest[:8], "big")) < settings.rate * _SCALE


def unusable(syntaxes: Sequence[SyntaxName]) -> str:
    """Return why the referee cannot judge these syntaxes; empty when it can."""
    if find_spec("saxonche") is None:
        return "the package saxonche is not installed"
    try:
        for syntax in syntaxes:
            load_artefact(syntax)
    except SchemaFileError as error:
        return str(error)
    return ""


def require(settings: RefereeSettings, syntax: SyntaxName) -> None:
    """Make sure before a night that the referee its settings ask for can run.

    Raises:
        ConfigurationError: it cannot; names the extra to install and the setting.
    """
    if settings.policy == "off":
        return
    if reason := unusable((syntax,)):
        message = f"The referee is asked for (referee.policy = {settings.policy!r}), but {reason}."
        step = "Install chorus-flows[referee] from the lock, or set referee.policy = 'off'."
        raise ConfigurationError(message, next_step=step)


def version_of(syntax: SyntaxName) -> str:
    """Return artefact, its version and the engine's, for reports."""
    name, release = artefact_name(syntax)
    try:
        engine = version("saxonche")
    except PackageNotFoundError:
        return f"{name} {release}"
    return f"{name} {release}, saxonche {engine}"


def text_of(root: etree._Element) -> str:
    """Return an invoice as text for the referee, long attachments shortened."""
    if any(len(one.text or "") > _LONGEST_CONTENT for one in root.iter(*_CONTENT)):
        root = deepcopy(root)
        for one in root.iter(*_CONTENT):
            if len(one.text or "") > _LONGEST_CONTENT:
                one.text = "QQ=="
    return etree.tostring(root, encoding="unicode")
