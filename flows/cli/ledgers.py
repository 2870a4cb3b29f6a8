"""Commands of the ledger, the audit trail and the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import ConfigOption, WhoOption, load, not_yet, say
from flows.errors import ConfigurationError, ExitCode


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
    directory = typer.Typer(no_args_is_help=True, help="Public structures (later release).")
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
    """Copy the SQLite ledger to FILE, also while a run is at work."""
    from flows.ledger import copy_sqlite, sqlite_file
    from flows.ledger.dialect import parse_url
    from flows.ledger_access import ledger_url

    source = sqlite_file(parse_url(ledger_url(load(config))))
    if source is None:
        message = "This ledger is not SQLite."
        raise ConfigurationError(message, next_step="Use the back-up of the database itself.")
    if not source.is_file():
        raise ConfigurationError(f"There is no ledger at {source} yet.")
    copy_sqlite(source, target)
    say(f"ledger: copied to {target}")
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


def reconcile() -> int:
    """Not in this release yet: compare outbox and remote with a restored ledger."""
    raise not_yet("ledger reconcile", "Do not run on a restored ledger before checking it by hand.")


def audit_verify() -> int:
    """Not in this release yet: verify the chain of manifests."""
    raise not_yet("audit verify", "See: chorus-flows status --invoice N")


def audit_export() -> int:
    """Not in this release yet: the file of one invoice for an auditor."""
    raise not_yet("audit export", "See: chorus-flows status --invoice N --json")


def directory_import() -> int:
    """Not in this release yet: import the directory of public structures."""
    raise not_yet("directory import", "Chorus Pro itself checks the recipient at integration.")


def directory_check() -> int:
    """Not in this release yet: check recipients against the directory."""
    raise not_yet("directory check", "Chorus Pro itself checks the recipient at integration.")
