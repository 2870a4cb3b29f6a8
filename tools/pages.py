"""Write the generated pages: docs/rules.md, docs/settings.md, docs/cli.md, config/default.toml.

The tables of columns in docs/profiles.md, the JSON Schemas in docs/schemas and docs/reliability.md
are written too.

``make docs`` runs this; a test holds the pages against what it would write.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from config.catalogue import load_catalogue
from config.json_schema import SCHEMA_NAMES, SchemaName, json_schema
from config.section import Section
from config.settings import Settings
from flows.cli.main import app
from flows.columns_page import with_columns
from schemas.rules_page import render_page
from tests.reliability.page import page as reliability_page

ROOT = Path(__file__).parents[1]


def pages() -> dict[Path, str]:
    """Return the generated pages by path."""
    profiles = ROOT / "docs" / "profiles.md"
    return {
        ROOT / "docs" / "rules.md": render_page(load_catalogue()),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "cli.md": cli_page(),
        ROOT / "docs" / "reliability.md": reliability_page(),
        ROOT / "config" / "default.toml": default_toml(),
        profiles: with_columns(profiles.read_text("utf-8")),
        **{ROOT / "docs" / "schemas" / f"{name}.json": schema_file(name) for name in SCHEMA_NAMES},
    }


def schema_file(name: SchemaName) -> str:
    """Return a JSON Schema as ``chorus-flows schema`` prints it."""
    return json.dumps(json_schema(name), ensure_ascii=False, indent=2) + "\n"


# -- settings --------------------------------------------------------------------------------------


def settings_page() -> str:
    """Return the page of all settings with type, default and meaning."""
    lines = [
        "# Settings",
        "",
        "One TOML file, `chorus-flows.toml` in the current folder or named by `--config`. Relative",
        "paths start at its folder. Every key has a default; all of them stand in",
        "[default.toml](../config/default.toml). A key that does not exist is an error. Secrets",
        "are never in this file: a key names the file or environment variable that holds one.",
        "",
        "This page is generated from `config/settings.py` by `make docs`.",
    ]
    for name, section in _sections(Settings()):
        title = f"`[{name}]`" if name else "Top level"
        lines += ["", f"## {title}", "", inspect.cleandoc(type(section).__doc__ or ""), ""]
        lines += ["| key | default | meaning |", "|---|---|---|"]
        for key, field, value in _keys(section):
            meaning = f"{_choices(field)} {field.description or ''}"
            meaning = " ".join(meaning.split()).replace("|", "\\|")
            lines.append(f"| `{key}` | `{_toml(value)}` | {meaning} |")
    return "\n".join(lines) + "\n"


def default_toml() -> str:
    """Return a settings file with every key at its default, commented out."""
    lines = ["# Every setting at its default. Copy this file, uncomment and change what differs."]
    for name, section in _sections(Settings()):
        lines.append("")
        if name:
            lines.append(f"[{name}]")
        for key, field, value in _keys(section):
            lines += [f"# {line}" for line in (field.description or "").splitlines()]
            lines.append(f"# {key} = {_toml(value)}" if value is not None else f"# {key} =")
    return "\n".join(lines) + "\n"


def _sections(section: Section, prefix: str = "") -> Iterator[tuple[str, Section]]:
    yield prefix, section
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, Section):
            yield from _sections(value, f"{prefix}.{key}" if prefix else key)


def _keys(section: Section) -> Iterator[tuple[str, FieldInfo, Any]]:
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if not isinstance(value, Section):
            yield key, field, value


def _choices(field: FieldInfo) -> str:
    """Return the values that a setting may have, when they are a few words."""
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = [member.value for member in kind]
    elif get_origin(kind) is Literal:
        values = list(get_args(kind))
    else:
        return ""
    return ", ".join(f"`{value}`" for value in values) + "."


def _toml(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return json.dumps(value.value)
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False)


# -- command line ----------------------------------------------------------------------------------


def cli_page() -> str:
    """Return the page of all commands, as ``--help`` tells them, with exit codes and JSON."""
    root = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "A stable contract. This page is generated from the commands themselves by `make docs`.",
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        "| 0 | all well |",
        "| 1 | done, balance proven; some invoices quarantined or rejected |",
        "| 2 | wrong use or configuration, or a ledger older than the code |",
        "| 3 | could not finish (transport, database, lock held): safe to run again |",
        "| 4 | a person must look: in doubt, out of balance, a brake held, a control differs, "
        "the ledger was restored, a file was altered |",
        "| 5 | unexpected failure: the state is safe, report the trace |",
        "",
        "When several apply: 4, 5, 3, 2, 1 in that order.",
        "",
        "## JSON",
        "",
        '`--json` prints one object with `"schema": 1`, `"kind"` (the command) and what the',
        "command tells. Amounts are text. A change that would break a reader raises the schema",
        "number; new keys may come without.",
    ]
    for path, command in _commands(root, ("chorus-flows",)):
        context = command.make_context(" ".join(path), [], resilient_parsing=True)
        context.terminal_width = 90
        text = command.get_help(context).strip()
        lines += ["", f"## `{' '.join(path)}`", "", "```", text, "```"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, (*path, name))


def main() -> None:
    """Write the pages that differ."""
    for path, text in pages().items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
