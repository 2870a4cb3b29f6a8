"""Commands about extract profiles: list, show, check, scaffold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.common import JsonOption, say, say_json
from flows.errors import ExitCode

_FILES = typer.Argument(metavar="FILE...")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    profile = typer.Typer(no_args_is_help=True, help="Extract profiles.")
    profile.command("list")(profile_list)
    profile.command("show")(profile_show)
    profile.command("check")(profile_check)
    profile.command("scaffold")(profile_scaffold)
    app.add_typer(profile, name="profile")


def profile_list(json: JsonOption = False) -> int:
    """The profiles that ship with the product."""
    from flows.profiles import load_profile, shipped_profiles

    profiles = {name: load_profile(name).description.get("en", "") for name in shipped_profiles()}
    if json:
        say_json("profiles", {"profiles": [{"name": n, "title": t} for n, t in profiles.items()]})
    else:
        for name, title in profiles.items():
            say(f"{name:<22} {title}")
    return int(ExitCode.OK)


def profile_show(name: Annotated[str, typer.Argument(metavar="P")]) -> int:
    """Print a profile, to read or to start one's own from."""
    from flows.profiles import profile_text

    say(profile_text(name))
    return int(ExitCode.OK)


def profile_check(
    files: Annotated[list[Path], _FILES],
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="P", help="Name or YAML file (default: generic)."),
    ] = None,
    company: Annotated[
        Path | None, typer.Option("--company", metavar="F", help="Company file.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="F", help="Settings to check with, as a night would."),
    ] = None,
    shown: Annotated[int, typer.Option("--show", min=0, help="Invoices shown (default: 5).")] = 5,
    json: JsonOption = False,
    language: Annotated[Literal["fr", "en"], typer.Option("--lang")] = "fr",
) -> int:
    """What would be read of extracts: columns, terms with examples, invoices, all problems."""
    from flows.convert import settings_for
    from flows.profile_trial import try_profile
    from flows.profile_trial_output import print_trial, trial_as_json

    settings = settings_for(files, config=config, profile=profile, company=company)
    trial = try_profile(files, settings, shown=shown)
    if json:
        say_json("profile_check", trial_as_json(trial))
    else:
        print_trial(trial, language)
    return int(ExitCode.OK if trial.clean else ExitCode.FINDINGS)


def profile_scaffold(
    files: Annotated[list[Path], _FILES],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the proposal.")
    ] = Path(),
    name: Annotated[str, typer.Option("--name", help="Name of the profile.")] = "our_erp",
) -> int:
    """Propose a profile and a company file for extracts, every guess marked."""
    from flows.scaffold import scaffold

    for line in scaffold(files, out, name=name):
        say(line)
    return int(ExitCode.OK)
