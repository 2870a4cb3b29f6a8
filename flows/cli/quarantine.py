"""Commands of the quarantine: list, export, retry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import (
    ConfigOption,
    JsonOption,
    LanguageOption,
    ReasonOption,
    WhoOption,
    existing_ledger,
    load,
    say,
    say_json,
)
from flows.errors import ExitCode

RunOption = Annotated[
    str | None, typer.Option("--run", metavar="R", help="Only of this run; default: of all.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    quarantine = typer.Typer(no_args_is_help=True, help="Invoices held back by a finding.")
    quarantine.command("list")(listing)
    quarantine.command("export")(export)
    quarantine.command("retry")(retry)
    app.add_typer(quarantine, name="quarantine")


def listing(
    run: RunOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were read again since.")
    ] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """The invoices that are still held back, and why."""
    from flows.quarantine import listed

    with existing_ledger(config) as (loaded, ledger):
        lang = language or loaded.settings.report.language
        view = listed(ledger, run, lang, everything=everything)
    if json:
        say_json("quarantine", view.body)
    else:
        for line in view.lines:
            say(line)
    return int(ExitCode.OK)


def export(
    run: RunOption = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="Only with a finding of this rule.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to make; must be empty.")
    ] = Path("quarantine"),
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """The rows of quarantined invoices as the extracts have them, and the findings beside them."""
    from flows.profiles import load_profile
    from flows.quarantine_export import export as write

    with existing_ledger(config) as (loaded, ledger):
        profile = load_profile(loaded.settings.source.profile)
        done = write(ledger, loaded.settings, profile, out, run_id=run, rule=rule)
    if json:
        say_json("quarantine export", done.as_dict())
    else:
        for line in done.lines():
            say(line)
    return int(done.exit_code)


def retry(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Mended rows.")],
    by: WhoOption,
    reason: ReasonOption,
    run: RunOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Have the next run read mended rows of quarantined invoices."""
    from flows.quarantine_retry import retry as put_down

    done = put_down(load(config), files, by=by, reason=reason, run_id=run)
    if json:
        say_json("quarantine retry", done.as_dict())
    else:
        for line in done.lines():
            say(line)
    return int(ExitCode.OK)
