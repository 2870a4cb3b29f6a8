"""What ``chorus-flows validate`` prints and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from config.settings import Environment, Settings
from flows.cli.common import say
from flows.errors import ExitCode
from flows.ledger import utc_now
from flows.validate import open_validator
from flows.validation_output import as_json as json_line
from flows.validation_output import as_lines, total_line


def validate_files(
    files: Sequence[Path],
    *,
    target: str,
    layers: str,
    as_json: bool,
    language: Literal["fr", "en"],
    environment: str,
    max_bytes: int,
    clock: Callable[[], datetime] = utc_now,
) -> ExitCode:
    """Print the validation of each file as soon as it is there; return the exit code.

    Raises:
        ConfigurationError: unknown target or layer.
    """
    today = clock().astimezone(ZoneInfo(Settings().run_date)).date()
    valid = invalid = 0
    with open_validator(
        target,
        layers,
        run_date=today,
        environment=Environment(environment),
        max_bytes=max_bytes,
    ) as validator:
        for path in files:
            validation = validator.validate_file(path)
            valid, invalid = valid + validation.valid, invalid + (not validation.valid)
            if as_json:
                say(json_line(validation))
            else:
                say("\n".join(as_lines(validation, language)))
    if not as_json and len(files) > 1:
        say(total_line(valid, invalid, language))
    return ExitCode.FINDINGS if invalid else ExitCode.OK
