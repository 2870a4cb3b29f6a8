"""How far a night is asked to go, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flows.errors import ExitCode
from transforms.balance import Balance


class Mode(StrEnum):
    """How far a run goes."""

    DEPOSIT = "deposit"
    HOLD = "hold"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class NightResult:
    """What a run came to: its number, exit code, balance and the report to read."""

    run_id: str
    exit_code: ExitCode
    balance: Balance | None
    report: Path | None
    deposited_flows: int = 0
    problems: tuple[str, ...] = ()
