"""A process that runs the official stylesheets, and may die without harm to anybody else.

saxonche aborts its whole process now and then (more than one processor, a native fault), so that
it is only ever loaded here: one spawned process, one processor, the stylesheets compiled once.
The parent asks over a pipe; silence, a crash or an error costs one invoice its verdict, and the
next one gets a new process.
"""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, cast

from lxml import etree

from config.target import SyntaxName
from schemas.referee import Fired, load_artefact

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
#: Nothing but local files may be read, whatever a document or stylesheet says.
_PROTOCOLS = "http://saxon.sf.net/feature/allowedProtocols"
_GOODBYE_SECONDS = 2


class Answer(NamedTuple):
    """What became of one document: what was reported, or why there is no verdict."""

    fired: tuple[Fired, ...]
    failure: str = ""
    """Empty when the referee has judged."""


class RefereeProcess:
    """One process with its pipe; not to be shared between threads.

    Args:
        timeout: seconds for one document, the first one including start and compilation.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Id of the process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def judge(self, syntax: SyntaxName, xml: str) -> Answer:
        """Return the verdict on ``xml``; a process that dies or hangs is replaced at the next."""
        pipe = self._started()
        try:
            pipe.send((syntax, xml))
            if not pipe.poll(self._timeout):
                self.close(at_once=True)
                return Answer((), f"no answer within {self._timeout:g} seconds")
            return cast("Answer", pipe.recv())
        except (EOFError, OSError):
            code = self._exit_code()
            self.close(at_once=True)
            return Answer((), f"its process ended unexpectedly (exit code {code})")

    def close(self, *, at_once: bool = False) -> None:
        """End the process; a word is enough unless it must go ``at_once``."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if process is None or pipe is None:
            return
        if not at_once:
            with suppress(OSError):
                pipe.send(None)
            process.join(_GOODBYE_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        pipe.close()

    def _started(self) -> Connection:
        if self._pipe is not None:
            return self._pipe
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self._pipe

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        self._process.join(_GOODBYE_SECONDS)
        return self._process.exitcode


class Engine:
    """The processor of this process and the stylesheets it has compiled.

    Only for a process of its own: :class:`RefereeProcess`, or a benchmark.

    Raises:
        ImportError: saxonche is not installed.
    """

    def __init__(self) -> None:
        # No licence is looked for: the Home edition needs none.
        self._processor: Any = import_module("saxonche").PySaxonProcessor(license=False)
        self._processor.set_configuration_property(_PROTOCOLS, "file")
        self._compiler = self._processor.new_xslt30_processor()
        self._compiled: dict[SyntaxName, Any] = {}

    def judge(self, syntax: SyntaxName, xml: str) -> tuple[Fired, ...]:
        """Return what the artefact of ``syntax`` reports on ``xml``."""
        stylesheet = self._stylesheet(syntax)
        document = self._processor.parse_xml(xml_text=xml)
        report: str | None = stylesheet.transform_to_string(xdm_node=document)
        if not report:
            msg = "the stylesheet gave no report"
            raise ValueError(msg)
        return read_report(report)

    def _stylesheet(self, syntax: SyntaxName) -> Any:
        if syntax not in self._compiled:
            artefact = load_artefact(syntax)
            compiled = self._compiler.compile_stylesheet(stylesheet_text=artefact.stylesheet)
            if artefact.database is not None:
                codes = self._processor.parse_xml(xml_text=_undeclared(artefact.database))
                compiled.set_parameter("codedb", codes)
            self._compiled[syntax] = compiled
        return self._compiled[syntax]


def read_report(report: str) -> tuple[Fired, ...]:
    """Return what a Schematron report (SVRL) says is broken, in its order."""
    root = etree.fromstring(report.encode())
    return tuple(
        Fired(
            id=(entry.get("id") or "").strip(),
            warning=entry.get("flag") == "warning",
            location=entry.get("location") or "",
            text=" ".join((entry.findtext(f"{_SVRL}text") or "").split()),
        )
        for entry in root.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    )


def _undeclared(text: str) -> str:
    """Return an XML text without its declaration, which would contradict that it is text now."""
    return text.partition("?>")[2] if text.startswith("<?xml") else text


def _serve(pipe: Connection) -> None:
    """Answer questions until the parent says so or is gone."""
    engine: Engine | None = None
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while (question := pipe.recv()) is not None:
            syntax, xml = question
            try:
                engine = engine or Engine()
                answer = Answer(engine.judge(syntax, xml))
            except Exception as error:
                # Whatever the engine or a stylesheet throws is this document's failure.
                answer = Answer((), " ".join(str(error).split())[:300] or type(error).__name__)
            pipe.send(answer)
