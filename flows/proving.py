"""Prove, before anything leaves, that a run may be deposited: controls, balance, brakes."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import Settings
from flows import brakes
from flows.errors import BalanceError, BrakeHeldError, ControlError
from flows.figures import figures_of
from flows.ledger import Ledger
from transforms.balance import Balance


def prove(
    ledger: Ledger,
    settings: Settings,
    run_id: str,
    *,
    differences: Sequence[str],
    balance: Balance | None,
    company_sellers: frozenset[str],
) -> None:
    """Let a run pass, or say why nothing of it may be deposited.

    Args:
        ledger: knows the run and the nights before.
        settings: brakes, scope of the identity.
        run_id: the run.
        differences: between what the extracts announced and what was read.
        balance: of the run.
        company_sellers: identifiers under which the company itself sells.

    Raises:
        ControlError: an extract is not what was announced.
        BalanceError: an invoice that was read is in no place, or in two.
        BrakeHeldError: the figures of the night are unusual; a person looks first.
    """
    if differences:
        message = f"The extract is not what was announced: {'; '.join(differences)}."
        step = "Ask for the extract again; nothing was deposited."
        raise ControlError(message, next_step=step)
    if balance is not None and not balance.holds:
        message = f"Run {run_id} is out of balance: {'; '.join(balance.differences)}."
        step = f"Nothing was deposited; see: chorus-flows status --run {run_id}"
        raise BalanceError(message, next_step=step)
    figures = figures_of(ledger, run_id, recent_nights=settings.brakes.recent_nights)
    held = brakes.held(
        settings.brakes,
        figures,
        company_sellers=company_sellers,
        by_siren=settings.identity.scope == "siren",
    )
    if held:
        told = tuple(map(str, held))
        message = f"Run {run_id} is held: {'; '.join(told)}."
        step = f"Look at the report, then: chorus-flows release {run_id} --by … --reason …"
        raise BrakeHeldError(message, next_step=step, brakes=told)
