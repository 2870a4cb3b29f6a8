"""Commands that look: status, doctor; flow resolve and invoice resolve, after a look."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from flows.errors import ConfigurationError, ExitCode
from flows.private_files import open_private

if TYPE_CHECKING:
    from flows.invoice_chain import SentXml


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("status")(status)
    app.command("doctor")(doctor)
    flow = typer.Typer(no_args_is_help=True, help="Flows in doubt.")
    flow.command("resolve")(flow_resolve)
    app.add_typer(flow, name="flow")
    invoice = typer.Typer(no_args_is_help=True, help="Invoices of unknown fate.")
    invoice.command("resolve")(invoice_resolve)
    app.add_typer(invoice, name="invoice")


def status(
    invoice: Annotated[str | None, typer.Option("--invoice", metavar="N")] = None,
    flow: Annotated[str | None, typer.Option("--flow", metavar="ID")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="R")] = None,
    xml: Annotated[
        Path | None,
        typer.Option("--xml", metavar="FILE", help="Write the XML as it was sent; - prints it."),
    ] = None,
    language: LanguageOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Where an invoice, a flow or a run is, and how it came there; else the latest runs."""
    from flows import status as views

    if sum(option is not None for option in (invoice, flow, run)) > 1:
        raise ConfigurationError("Give one of --invoice, --flow and --run.")
    if xml is not None and (invoice is None or json):
        raise ConfigurationError("--xml goes with --invoice, and without --json.")
    with existing_ledger(config) as (loaded, ledger):
        settings = loaded.settings
        lang = language or settings.report.language
        if invoice is not None and xml is not None:
            _write_xml(views.xml_of(ledger, invoice, settings), xml)
            return int(ExitCode.OK)
        if invoice is not None:
            view = views.of_invoice(ledger, invoice, settings, lang)
        elif flow is not None:
            view = views.of_flow(ledger, flow, settings, lang)
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


def _write_xml(sent: SentXml, path: Path) -> None:
    """Print the XML of an invoice, or write it to a file that must not be there yet."""
    if str(path) == "-":
        sys.stdout.buffer.write(sent.content)
        sys.stdout.buffer.flush()
        return
    try:
        with open_private(path, new=True) as stream:
            stream.write(sent.content)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
    say(f"{path}: {sent.name}, SHA-256 {sent.sha256}")


def flow_resolve(
    flow_id: Annotated[str, typer.Argument(metavar="ID")],
    by: WhoOption,
    reason: ReasonOption,
    deposited: Annotated[bool, typer.Option("--deposited", help="It arrived.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="It did not; send it again.")] = False,
    config: ConfigOption = None,
) -> int:
    """Settle a flow in doubt (it arrived), or send it again, as after an incident."""
    from flows.resolve import resolve

    if deposited == resend:
        raise ConfigurationError("Give one of --deposited and --resend.")
    say(resolve(load(config), flow_id, resend=resend, by=by, reason=reason))
    return int(ExitCode.OK)


def invoice_resolve(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…")],
    by: WhoOption,
    reason: ReasonOption,
    integrated: Annotated[bool, typer.Option("--integrated", help="It is on the portal.")] = False,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="It is not, or was refused.")
    ] = False,
    flow: Annotated[
        str, typer.Option("--flow", metavar="ID", help="The flow meant, of several.")
    ] = "",
    config: ConfigOption = None,
) -> int:
    """Settle invoices that a report left without a fate, as the portal shows them."""
    from flows.fate import settle

    if integrated == rejected:
        raise ConfigurationError("Give one of --integrated and --rejected.")
    loaded = load(config)
    for line in settle(loaded, numbers, integrated=integrated, by=by, reason=reason, flow_id=flow):
        say(line)
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
