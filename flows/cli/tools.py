"""Commands that need no installation: demo, convert, validate, sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.common import JsonOption, NoPrefectOption, say
from flows.errors import ExitCode


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("demo")(demo)
    app.command("convert")(convert)
    app.command("validate")(validate)
    app.command("sandbox")(sandbox)


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the demo works.")
    ] = Path("demo-run"),
    no_prefect: NoPrefectOption = False,
    language: Annotated[Literal["fr", "en"], typer.Option("--lang")] = "fr",
) -> int:
    """A whole cycle against the embedded sandbox, on sample extracts that ship with the project."""
    from flows.demo import play

    return int(play(folder, with_prefect=not no_prefect, language=language))


def convert(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the XML.")],
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="P", help="Name or YAML file (default: generic)."),
    ] = None,
    company: Annotated[
        Path | None, typer.Option("--company", metavar="F", help="Company file.")
    ] = None,
    syntax: Annotated[
        Literal["cii", "ubl"] | None,
        typer.Option("--syntax", help="Default: cii; of XML, its own."),
    ] = None,
    findings: Annotated[
        Path | None, typer.Option("--findings", metavar="F.json", help="Write the findings here.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="F",
            help="Settings to convert with, as a night would; the other options win over them.",
        ),
    ] = None,
    language: Annotated[
        Literal["fr", "en"] | None,
        typer.Option("--lang", help="Language of the findings (default: fr)."),
    ] = None,
) -> int:
    """Convert extracts (or XML) to XML files, checked, without ledger or deposit."""
    from flows.convert import convert_files, settings_for

    settings = settings_for(files, config=config, profile=profile, company=company, syntax=syntax)
    done = convert_files(
        files, settings, out=out, findings=findings, language=language or settings.report.language
    )
    for line in done.lines:
        say(line)
    return int(done.exit_code)


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="XML...")],
    target: Annotated[
        str, typer.Option("--target", help="chorus_direct or en16931.")
    ] = "chorus_direct",
    layers: Annotated[
        str, typer.Option("--layers", help="Any of xsd,rules,referee.")
    ] = "xsd,rules",
    json: JsonOption = False,
    language: Annotated[Literal["fr", "en"], typer.Option("--lang")] = "fr",
    environment: Annotated[
        Literal["production", "qualification"],
        typer.Option("--environment", help="Of Chorus Pro: some severities differ."),
    ] = "production",
    max_bytes: Annotated[
        int, typer.Option("--max-bytes", min=1, help="Larger files are refused unread.")
    ] = 120_000_000,
) -> int:
    """Validate XML that is already written: a UBL or CII invoice per file."""
    from flows.cli.validating import validate_files

    return int(
        validate_files(
            files,
            target=target,
            layers=layers,
            as_json=json,
            language=language,
            environment=environment,
            max_bytes=max_bytes,
        )
    )


def sandbox(
    root: Annotated[Path, typer.Option("--root", metavar="DIR")] = Path("sandbox"),
    port: Annotated[int, typer.Option("--port")] = 2222,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="FILE", help="A YAML file, or the name of one shipped."),
    ] = None,
    step_seconds: Annotated[
        float | None,
        typer.Option(
            "--step-seconds",
            metavar="N",
            min=0,
            help="Seconds per step of the story, then of ageing (default: 10, no ageing after).",
        ),
    ] = None,
) -> int:
    """Serve a Chorus Pro in miniature over SFTP on this machine, until interrupted."""
    from flows.sandbox import serve

    serve(root, port, scenario=scenario, step_every=step_seconds)
    return int(ExitCode.OK)
