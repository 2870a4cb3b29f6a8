"""What the commands share: options, printing, and the way to the settings and the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows import configuration
from flows.configuration import Configuration
from flows.ledger import Ledger
from flows.ledger_access import open_ledger
from transforms.display import visible

#: Version of every ``--json`` output; a change that breaks a reader raises it.
JSON_SCHEMA = 1

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="F", help="Settings file (default: ./chorus-flows.toml)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON (docs/cli.md).")]
WhoOption = Annotated[str, typer.Option("--by", metavar="WHO", help="Who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
LanguageOption = Annotated[
    Literal["fr", "en"] | None, typer.Option("--lang", help="Default: that of the report.")
]
NoPrefectOption = Annotated[
    bool, typer.Option("--no-prefect", help="Run the same functions without Prefect.")
]


def load(config: Path | None) -> Configuration:
    """Return the configuration named by ``--config``."""
    return configuration.load(config)


@contextmanager
def existing_ledger(config: Path | None) -> Iterator[tuple[Configuration, Ledger]]:
    """Yield configuration and ledger; a ledger that is not there yet is a wrong use."""
    loaded = load(config)
    with open_ledger(loaded, create=False) as ledger:
        yield loaded, ledger


def say(text: str) -> None:
    """Print a line on standard output.

    What it tells may come from outside: no name of a file takes hold of the terminal.
    """
    typer.echo(visible(text).replace("\r", "␍"))


def say_json(kind: str, body: Mapping[str, object]) -> None:
    """Print one JSON object with its schema and kind."""
    document = {"schema": JSON_SCHEMA, "kind": kind, **body}
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
