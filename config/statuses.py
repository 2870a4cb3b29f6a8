"""What the statuses of Chorus Pro mean: who must act, whether it is over, what to do next.

Source of the numbers and labels: AIFE, CPPStatutPivot V1_19. The reading of a flow status as an
outcome is inferred; settings may change it, every other word of the table, and add numbers
(``returns.flow_outcomes``, ``flow_statuses``, ``invoice_statuses``). A number that is not in the
table is never guessed: it is kept as it came and raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from config.catalogue import Language
from config.returns_settings import Returns
from config.status_settings import Actor, FlowOutcome, FlowStatusChange, StatusChange
from config.yaml_text import YamlTextError, load_yaml

_StatusT = TypeVar("_StatusT", bound="Status")
_LANGUAGES: tuple[Language, ...] = ("fr", "en")


class StatusTableError(ValueError):
    """Raised when ``config/codes/statuses.yaml`` is malformed."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StatusWords(_Table):
    """Everyday words of a status, in one language."""

    meaning: str
    next_step: str


class Status(_Table):
    """What is known of one status.

    Attributes:
        label: label of the schema.
        actor: who must act now.
        final: whether the supplier has no further status to expect.
        mark: C confirmed by AIFE, P proven by third parties, I inferred, U unsure.
    """

    label: str
    actor: Actor
    final: bool
    mark: Literal["C", "P", "I", "U"]
    fr: StatusWords
    en: StatusWords

    def words(self, language: Language) -> StatusWords:
        """Return the everyday words in ``language``."""
        return self.fr if language == "fr" else self.en


class FlowStatus(Status):
    """A status of a flow (90 to 96); ``outcome`` is what it means for the flow's invoices."""

    outcome: FlowOutcome


class InvoiceStatus(Status):
    """A life-cycle status of an invoice.

    Attributes:
        api: name of the status in the API of Chorus Pro, when known.
        exists: whether an invoice with this status was created by Chorus Pro.
        new_number: whether it must be issued again, as a new invoice under a new number.
    """

    api: str | None = None
    exists: bool = False
    new_number: bool = False


class _Span(_Table):
    first: int
    last: int


class StatusTable(_Table):
    """Every status by number."""

    flow: Mapping[int, FlowStatus]
    invoice: Mapping[int, InvoiceStatus]
    unlabelled: _Span

    def of_flow(self, code: int | None) -> FlowStatus | None:
        """Return the flow status ``code``; None when it is unknown."""
        return None if code is None else self.flow.get(code)

    def of_invoice(self, code: int | None) -> InvoiceStatus | None:
        """Return the life-cycle status ``code``; None when its meaning is unknown."""
        return None if code is None else self.invoice.get(code)

    def asks_supplier(self, code: int | None) -> bool:
        """Return whether the supplier must do something about an invoice with this status."""
        status = self.of_invoice(code)
        return status is not None and status.actor == "supplier"

    @property
    def refusals(self) -> frozenset[int]:
        """Life-cycle statuses of invoices to issue again, as new ones under a new number."""
        return frozenset(code for code, status in self.invoice.items() if status.new_number)

    def is_unlabelled(self, code: int | None) -> bool:
        """Return whether the schema allows ``code`` for an invoice but no label is published."""
        if code is None or code in self.invoice:
            return False
        return self.unlabelled.first <= code <= self.unlabelled.last


def read_statuses(text: str) -> StatusTable:
    """Return the table held by a YAML ``text``.

    Raises:
        StatusTableError: saying what is wrong.
    """
    try:
        return StatusTable.model_validate(load_yaml(text))
    except (YamlTextError, ValidationError) as error:
        msg = f"statuses.yaml: {error}"
        raise StatusTableError(msg) from error


def statuses_for(returns: Returns) -> StatusTable:
    """Return the table that ships with the project, changed as the settings say."""
    shipped = load_statuses()
    flow_changes = dict(returns.flow_statuses)
    for code, outcome in returns.flow_outcomes.items():
        change = flow_changes.get(code, FlowStatusChange())
        flow_changes[code] = change.model_copy(update={"outcome": outcome})
    if not flow_changes and not returns.invoice_statuses:
        return shipped
    flow, invoice = dict(shipped.flow), dict(shipped.invoice)
    for code, change in flow_changes.items():
        flow[code] = _changed(FlowStatus, flow.get(code), code, change, {"outcome": "pending"})
    for code, of_invoice in returns.invoice_statuses.items():
        invoice[code] = _changed(InvoiceStatus, invoice.get(code), code, of_invoice, {})
    return StatusTable(flow=flow, invoice=invoice, unlabelled=shipped.unlabelled)


def _changed(
    kind: type[_StatusT],
    before: _StatusT | None,
    code: int,
    change: StatusChange,
    defaults: dict[str, Any],
) -> _StatusT:
    """Return a status with a change of the settings, which has one language: that of the reader."""
    given: dict[str, Any] = change.model_dump(exclude_none=True)
    words: dict[str, Any] = {
        key: given.pop(key) for key in ("meaning", "next_step") if key in given
    }
    if before is None:
        label = given.get("label") or str(code)
        said = {"meaning": label, "next_step": "", **words}
        fresh = {"label": label, "actor": "none", "final": False, "mark": "U", **defaults, **given}
        return kind.model_validate({**fresh, "fr": said, "en": said})
    both: dict[str, Any] = {
        lang: before.words(lang).model_copy(update=words) for lang in _LANGUAGES
    }
    return before.model_copy(update={**given, **both})


@lru_cache(maxsize=1)
def load_statuses() -> StatusTable:
    """Return the table that ships with the project, read once per process."""
    return read_statuses((files("config") / "codes" / "statuses.yaml").read_text(encoding="utf-8"))
