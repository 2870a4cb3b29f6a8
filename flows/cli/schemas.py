"""The command that prints the JSON Schema of a file, for an editor."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from config.json_schema import SchemaName
from flows.cli.common import say
from flows.errors import ExitCode


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("schema")(schema)


def schema(
    name: Annotated[SchemaName, typer.Argument(metavar="profile|company|settings")],
) -> int:
    """Print the JSON Schema of a profile, a company file or the settings, for an editor."""
    from config.json_schema import json_schema

    say(json.dumps(json_schema(name), ensure_ascii=False, indent=2))
    return int(ExitCode.OK)
