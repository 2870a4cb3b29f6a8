"""Commands that look: status, quarantine, doctor; and flow resolve."""

from __future__ import annotations

from typing import Annotated

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


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("status")(status)
    app.command("doctor")(doctor)
    quarantine = typer.Typer(no_args_is_help=True, help="Invoices held back by a finding.")
    quarantine.command("list")(quarantine_list)
    quarantine.command("export")(quarantine_export)
    quarantine.command("retry")(quarantine_retry)
    app.add_typer(quarantine, name="quarantine")
    flow = typer.Typer(no_args_is_help=True, help="Flows in doubt.")
    flow.command("resolve")(flow_resolve)
    app.add_typer(flow, name="flow")


def status(
    invoice: Annotated[str | None, typer.Option("--invoice", metavar="N")] = None,
    flow: Annotated[str | None, typer.Option("--flow", metavar="ID")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="R")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Where an invoice, a flow or a run is; without option: the latest runs."""
    from flows import status as views

    if sum(option is not None for option in (invoice, flow, run)) > 1:
        raise ConfigurationError("Give one of --invoice, --flow and --run.")
    with existing_ledger(config) as (_, ledger):
        if invoice is not None:
            view = views.of_invoice(ledger, invoice)
        elif flow is not None:
            view = views.of_flow(ledger, flow)
        elif run is not None:
            view = views.of_run(ledger, run)
        else:
            view = views.latest(ledger)
    if json:
        say_json("status", view.body)
    else:
        for line in view.lines:
            say(line)
    return int(ExitCode.OK)


def quarantine_list(
    run: Annotated[str | None, typer.Option("--run", metavar="R", help="Default: newest.")] = None,
    language: Annotated[str | None, typer.Option("--lang", metavar="fr|en")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """The invoices a run held back, and why."""
    from flows import status as views

    with existing_ledger(config) as (loaded, ledger):
        view = views.quarantine(ledger, run, language or loaded.settings.report.language)
    if json:
        say_json("quarantine", view.body)
    else:
        for line in view.lines:
            say(line)
    return int(ExitCode.OK)


def quarantine_export() -> int:
    """Not in this release yet: the rows of quarantined invoices, to be mended."""
    raise not_yet("quarantine export", "The CSV beside the report lists them with line and reason.")


def quarantine_retry() -> int:
    """Not in this release yet: read mended rows again."""
    raise not_yet(
        "quarantine retry",
        "Mend the data in the ERP and extract the invoices again: a quarantined "
        "invoice reserves nothing.",
    )


def flow_resolve(
    flow_id: Annotated[str, typer.Argument(metavar="ID")],
    by: WhoOption,
    reason: ReasonOption,
    deposited: Annotated[bool, typer.Option("--deposited", help="It arrived.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="It did not; send it again.")] = False,
    config: ConfigOption = None,
) -> int:
    """Settle a flow in doubt: it arrived, or it goes again as a new flow with the next run."""
    from flows.resolve import resolve

    if deposited == resend:
        raise ConfigurationError("Give one of --deposited and --resend.")
    say(resolve(load(config), flow_id, resend=resend, by=by, reason=reason))
    return int(ExitCode.OK)


def doctor(config: ConfigOption = None, json: JsonOption = False) -> int:
    """Check settings, folders, schemas, ledger, channel and clock; change nothing."""
    from flows.doctor import examine

    checks = examine(config)
    if json:
        say_json("doctor", {"checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            say(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.told}")
    failed = [check for check in checks if not check.ok]
    return int(failed[0].exit_code if failed else ExitCode.OK)
