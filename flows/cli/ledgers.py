"""Commands of the ledger, the audit trail and the directory."""

from __future__ import annotations

from datetime import datetime, timedelta
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
    ledger.command("unlock")(unlock)
    ledger.command("import-sent")(import_sent)
    ledger.command("reconcile")(reconcile)
    app.add_typer(ledger, name="ledger")
    audit = typer.Typer(no_args_is_help=True, help="The audit trail.")
    audit.command("verify")(audit_verify)
    audit.command("export")(audit_export)
    audit.command("purge")(audit_purge)
    app.add_typer(audit, name="audit")
    directory = typer.Typer(no_args_is_help=True, help="The directory of public structures.")
    directory.command("import")(directory_import)
    directory.command("check")(directory_check)
    app.add_typer(directory, name="directory")


def upgrade(config: ConfigOption = None) -> int:
    """Bring an older ledger up to this release."""
    from flows.ledger import upgrade as bring_up
    from flows.ledger_access import ledger_url

    loaded = load(config)
    told = bring_up(ledger_url(loaded))
    with open_ledger(loaded, create=False) as ledger:
        ledger.note("upgraded", kind="ledger", actor=getuser(), reason=str(told))
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


def unlock(
    name: Annotated[Literal["deposit", "collect"], typer.Argument(metavar="deposit|collect")],
    by: WhoOption,
    reason: ReasonOption,
    config: ConfigOption = None,
) -> int:
    """Take a lock away from a machine that is gone for good with its outbox (docs/ledger.md)."""
    from flows.word import word

    said = word(by, reason, command="ledger unlock")
    with existing_ledger(config) as (loaded, ledger):
        stale_after = timedelta(seconds=loaded.settings.locks.stale_after_seconds)
        held = ledger.unlock(name, stale_after=stale_after, actor=said.by, reason=said.reason)
    say(f"The {name} lock is free; it was held by {held}.")
    return int(ExitCode.OK)


def import_sent(
    file: Annotated[Path, typer.Argument(metavar="CSV")],
    by: WhoOption,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; default: the name of the list.")
    ] = "",
    config: ConfigOption = None,
) -> int:
    """Hold the numbers of invoices that a former tool already sent (docs/ledger.md)."""
    from flows.importing import import_file

    for line in import_file(load(config), file, by=by, reason=reason):
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


def audit_verify(
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="Hash held outside: see the foot of a report."),
    ] = None,
    language: Annotated[Literal["fr", "en"] | None, typer.Option("--lang")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Prove that no file, event or invoice was altered, removed or inserted (docs/audit.md)."""
    from flows.audit.verify import verify

    with existing_ledger(config) as (loaded, ledger):
        found = verify(ledger, loaded.settings, head)
        wanted = language or loaded.settings.report.language
    if json:
        say_json("audit verify", found.as_dict(wanted))
    else:
        for line in found.lines(wanted):
            say(line)
    return int(found.exit_code)


def audit_export(
    invoice: Annotated[str, typer.Option("--invoice", metavar="N", help="Its number.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="ZIP to write; must not exist.")
    ],
    config: ConfigOption = None,
) -> int:
    """Write everything kept about one invoice, with its proofs, as a ZIP for an auditor."""
    from flows.audit.dossier import export

    with existing_ledger(config) as (loaded, ledger):
        for line in export(ledger, loaded.settings, invoice, out):
            say(line)
    return int(ExitCode.OK)


def audit_purge(
    by: WhoOption,
    reason: ReasonOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Remove the files that are past their retention; each leaves a tombstone in the chain."""
    from flows.audit.purge import purge

    done = purge(load(config), by=by, reason=reason, rehearsal=dry_run)
    if json:
        say_json("audit purge", done.as_dict())
    else:
        for line in done.lines():
            say(line)
    return int(done.exit_code)


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
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; default: the name of the file.")
    ] = "",
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
            by=getuser() if by is None else by,
            reason=reason,
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
