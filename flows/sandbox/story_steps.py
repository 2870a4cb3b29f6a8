"""The steps of a story: what a scenario lets happen at the sandbox, one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """Base of every part of a scenario: immutable, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class InvoiceSaid(Part):
    """A life-cycle status of the accepted invoices of a number, now."""

    number: str
    """Pattern of the number; exact for an invoice the sandbox never received (``seller``)."""
    status: int
    comment: str = ""
    seller: str = ""
    """SIRET of the seller of an invoice that the sandbox never received: a foreign status."""
    at: datetime | None = None
    """Time of the status, written without offset when it has none; none: the sandbox's time."""


class FlowSaid(Part):
    """A report about a flow, now, whatever was reported before."""

    number: str = ""
    """Pattern of the number of an invoice in it."""
    flow: str = ""
    """Its id, or that of a flow the sandbox never received."""
    status: int
    text: str = ""
    """Text of its one error line; empty: no line."""
    at: datetime | None = None
    """Time of the status, written without offset when it has none; none: the sandbox's time."""

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if bool(self.number) == bool(self.flow):
            msg = "a report names its flow by one of number and flow"
            raise ValueError(msg)
        return self


class FileDropped(Part):
    """A file put into ``out`` as it is."""

    name: str
    text: str


class StoryStep(Part):
    """One step: exactly one of its keys, and a note for who watches."""

    note: str = ""
    age: Annotated[int, Field(ge=1)] | None = None
    """Steps of ageing: late reports come out, accepted invoices go on with their lives."""
    hours: Annotated[int, Field(ge=1)] | None = None
    """Hours that pass, nothing else."""
    wait: Literal["flow"] | None = None
    """Go on only once another flow has been judged."""
    say: InvoiceSaid | None = None
    report: FlowSaid | None = None
    file: FileDropped | None = None

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        actions = [self.age, self.hours, self.wait, self.say, self.report, self.file]
        if sum(action is not None for action in actions) != 1:
            msg = "a step is one of age, hours, wait, say, report, file"
            raise ValueError(msg)
        return self
