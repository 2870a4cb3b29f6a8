"""Commands of the ledger, the audit trail and the directory."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.common import (
    ConfigOption,
    JsonOption,
    ReasonOption,
    WhoOption,
    existing_ledger,
    load,
    not_yet,
    say,
    say_json,
)
from flows.errors import ConfigurationError, ExitCode
from flows.ledger_access import open_ledger


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    ledger = typer.Typer(no_args_is_help=True, help="The ledger.")
    ledger.command("upgrade")(upgrade)
    ledger.command("backup")(backup)
    ledger.command("import-sent")(import_sent)
    ledger.command("reconcile")(reconcile)
    app.add_typer(ledger, name="ledger")
    audit = typer.Typer(no_args_is_help=True, help="The audit trail (later release).")
    audit.command("verify")(audit_verify)
    audit.command("export")(audit_export)
    app.add_typer(audit, name="audit")
    directory = typer.Typer(no_args_is_help=True, help="The directory of public structures.")
    directory.command("import")(directory_import)
    directory.command("check")(directory_check)
    app.add_typer(directory, name="directory")


def upgrade(config: ConfigOption = None) -> int:
    """Bring an older ledger up to this release."""
    from flows.ledger import upgrade as bring_up
    from flows.ledger_access import ledger_url

    told = bring_up(ledger_url(load(config)))
    say(f"ledger: {told}")
    return int(ExitCode.OK)


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; must not exist.")],
    config: ConfigOption = None,
) -> int:
    """Copy the ledger to FILE, also while a run is at work, and verify the copy."""
    from flows.backup import back_up

    say(str(back_up(load(config), target)))
    return int(ExitCode.OK)


def import_sent(
    file: Annotated[Path, typer.Argument(metavar="CSV")],
    by: WhoOption,
    config: ConfigOption = None,
) -> int:
    """Hold the numbers of invoices that a former tool already sent (docs/ledger.md)."""
    from flows.importing import import_file

    for line in import_file(load(config), file, by=by):
        say(line)
    return int(ExitCode.OK)


def reconcile(
    by: WhoOption,
    reason: ReasonOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be recorded.")
    ] = False,
    config: ConfigOption = None,
) -> int:
    """Record again what a restored ledger has forgotten; send nothing (docs/ledger.md)."""
    from flows.reconciling import reconcile as read_again

    done = read_again(load(config), by=by, reason=reason, dry_run=dry_run)
    for line in done.lines():
        say(line)
    return int(done.exit_code)


def audit_verify() -> int:
    """Not in this release yet: verify the chain of manifests."""
    raise not_yet("audit verify", "See: chorus-flows status --invoice N")


def audit_export() -> int:
    """Not in this release yet: the file of one invoice for an auditor."""
    raise not_yet("audit export", "See: chorus-flows status --invoice N --json")


def directory_import(
    structures: Annotated[
        Path, typer.Argument(metavar="STRUCTURES", help="CSV or XLSX of the structures.")
    ],
    services: Annotated[
        Path | None, typer.Option("--services", metavar="FILE", help="CSV or XLSX of services.")
    ] = None,
    dated: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Day it was published."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHO", help="Who imports; default: the user.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Put the directory of public structures in the place of the former one (docs/directory.md)."""
    from flows.directory_import import import_directory

    loaded = load(config)
    with open_ledger(loaded) as ledger:
        done = import_directory(
            ledger,
            loaded.settings.directory,
            structures,
            services,
            dated=dated.date() if dated else None,
            zone=loaded.settings.run_date,
            by=by or getuser(),
        )
    if json:
        say_json("directory import", done.as_dict(loaded.settings.report.language))
    else:
        for line in done.lines(loaded.settings.report.language):
            say(line)
    return int(ExitCode.FINDINGS if done.record.refused else ExitCode.OK)


def directory_check(
    identifiers: Annotated[list[str] | None, typer.Argument(metavar="[SIRET]...")] = None,
    extract: Annotated[
        list[Path] | None,
        typer.Option("--extract", metavar="FILE", help="Check its invoices; may be repeated."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="P", help="Default: that of the settings.")
    ] = None,
    language: Annotated[Literal["fr", "en"] | None, typer.Option("--lang")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """What the directory asks of recipients, or of the invoices of an extract."""
    from flows import directory

    if bool(identifiers) == bool(extract):
        raise ConfigurationError("Give SIRETs, or an extract with --extract.")
    with existing_ledger(config) as (loaded, ledger):
        if extract:
            answer = directory.of_extract(
                ledger, loaded.settings, extract, profile=profile, language=language
            )
        else:
            answer = directory.of_recipients(ledger, loaded.settings, identifiers or [])
    if json:
        say_json("directory check", answer.body)
    else:
        for line in answer.lines:
            say(line)
    return int(ExitCode.OK if answer.clean else ExitCode.FINDINGS)
