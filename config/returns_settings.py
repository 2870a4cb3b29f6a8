"""Settings of what Chorus Pro sends back: how return flows are taken, and what they mean."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from config.section import Section
from config.status_settings import FlowOutcome, FlowStatusChange, InvoiceStatusChange


class Returns(Section):
    """How return flows are taken."""

    after_fetch: Literal["keep", "move", "remove"] = "keep"
    """What happens on the remote side once a local copy is safe."""
    done_folder: str = "done"
    """Remote folder that ``after_fetch = "move"`` moves to."""
    interfaces: tuple[str, ...] = ("CSO", "FEN1200A", "FEN1201A")
    """Beginnings of the names we take from ``out``; everything else there is left alone."""
    unfinished_suffixes: tuple[str, ...] = (".tmp", ".part", ".filepart", ".writing")
    """Endings under which a file that is still being written hides in ``out``; what ends so is left
    alone, as is ``channel.temporary_suffix``."""
    settle_seconds: Annotated[int, Field(ge=0)] = 0
    """Age (since last change) from which a file of ``out`` is taken. Raise it when the server shows
    files before they are complete; one cut short is taken again in any case once it has grown."""
    cuts_per_fetch: Annotated[int, Field(ge=1)] = 3
    """Files of ``out`` that a failing connection may cut in one fetch; then the rest is left to the
    next one."""
    timezone: str = "Europe/Paris"
    """Zone of a return time that carries none."""
    report_deadline_hours: Annotated[int, Field(ge=1)] = 24
    """Hours without a report after which a deposited flow is raised."""
    flow_outcomes: dict[int, FlowOutcome] = Field(default_factory=dict)
    """Overrides of what a flow status (90 to 96) means, which is inferred: see docs/returns.md."""
    flow_statuses: dict[int, FlowStatusChange] = Field(default_factory=dict)
    """Flow statuses to change or add, by number: ``[returns.flow_statuses.97]``."""
    invoice_statuses: dict[int, InvoiceStatusChange] = Field(default_factory=dict)
    """Life-cycle statuses to change or add, by number: ``[returns.invoice_statuses.13]``."""
    duplicate_messages: tuple[str, ...] = ()
    """Further wordings by which Chorus Pro says that an invoice exists already: regular
    expressions, looked for without accents nor case in texts and code of an error line."""
    redo_incidents: bool = False
    """Send a flow that had an incident again by the next run, once; else a person decides, by
    ``chorus-flows flow resolve``. Prove in qualification that nothing of it was taken."""
    max_bytes: int = 200_000_000
    """Largest return file, after decompression."""
    max_ratio: int = 200
    """Largest decompression ratio of a return file."""
    max_members: int = 10_000
    """Largest number of members of a return archive."""

    @field_validator("duplicate_messages")
    @classmethod
    def _expressions(cls, wordings: tuple[str, ...]) -> tuple[str, ...]:
        for wording in wordings:
            try:
                re.compile(wording)
            except re.error as error:
                msg = f"{wording!r} is no regular expression: {error}"
                raise ValueError(msg) from error
        return wordings
