"""Changes that the settings make to the table of statuses (``config/codes/statuses.yaml``).

Labels and meanings that AIFE does not publish are learnt in qualification: they can be set, and
numbers added, without a new release.
"""

from __future__ import annotations

from typing import Literal

from config.section import Section

FlowOutcome = Literal["integrated", "partial", "rejected", "incident", "pending"]
"""What a flow status means for the invoices of the flow (config/codes/statuses.yaml)."""

Actor = Literal["supplier", "buyer", "none"]
"""Who must act now."""


class StatusChange(Section):
    """What to change of a status, or what a new one is; a key that is not given stays as it was."""

    label: str | None = None
    """Label of the schema or of the portal; of a new status: its number."""
    actor: Actor | None = None
    """Who must act now: ``supplier`` makes it a to-do; of a new status: ``none``."""
    final: bool | None = None
    """Whether no further status is to be expected; of a new one: false."""
    meaning: str | None = None
    """Meaning in the report's language; of a new status: its label."""
    next_step: str | None = None
    """What to do, in the report's language."""


class FlowStatusChange(StatusChange):
    """A status of a flow."""

    outcome: FlowOutcome | None = None
    """What it means for the invoices of the flow; of a new status: ``pending``."""


class InvoiceStatusChange(StatusChange):
    """A life-cycle status of an invoice."""

    exists: bool | None = None
    """Whether it proves that Chorus Pro created the invoice; of a new status: false."""
    new_number: bool | None = None
    """Whether the invoice must be issued again under a new number; of a new status: false."""
