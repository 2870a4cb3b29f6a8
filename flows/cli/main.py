"""The entry point: every failure becomes a message, a next step and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback

import typer

from flows.cli import inspect, ledgers, nights, profiles, quarantine, schemas, tools
from flows.errors import ChorusFlowsError, ExitCode
from transforms.display import visible

#: Typer carries a copy of click whose base errors have no public name.
_WRONG_USE: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="chorus-flows",
    help="From ERP invoice extracts to Chorus Pro: map, check, bundle, deposit, reconcile.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

nights.register(app)
inspect.register(app)
quarantine.register(app)
ledgers.register(app)
tools.register(app)
profiles.register(app)
schemas.register(app)


@app.callback()
def _options(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is done."),
) -> None:
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Library chatter at INFO (transport negotiation, migrations) hides our own lines.
    for name in ("paramiko", "asyncssh", "alembic", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING if not verbose else logging.INFO)


def main() -> None:
    """Run the command line and end with one of the documented exit codes."""
    sys.exit(int(run(sys.argv[1:])))


def run(arguments: list[str]) -> ExitCode:
    """Run one command and return its exit code; nothing is raised."""
    try:
        code = typer.main.get_command(app).main(
            args=arguments, prog_name="chorus-flows", standalone_mode=False
        )
    except ChorusFlowsError as error:
        _say(str(error.what))
        if error.next_step:
            _say(error.next_step)
        return error.exit_code
    except _WRONG_USE as error:
        _say(f"{error}\nSee: chorus-flows --help")
        return ExitCode.USAGE
    except typer.Exit as error:
        return ExitCode(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _say("Interrupted; the next run resumes.")
        return ExitCode.UNFINISHED
    except BrokenPipeError:
        # The reader of our output left (``| head``).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception:
        traceback.print_exc()
        _say("Unexpected failure: the state is safe. Report the trace above; a new run resumes.")
        return ExitCode.UNEXPECTED
    return ExitCode(code) if isinstance(code, int) else ExitCode.OK


def _say(text: str) -> None:
    typer.echo(visible(text).replace("\r", "␍"), err=True)
