"""Use the sandbox: the settings that lead to it, and a sandbox in the foreground."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from flows.sandbox.sandbox import Sandbox, SandboxSummary
from flows.sandbox.scenario import Scenario, load_scenario

#: Seconds between two steps of a story, unless said otherwise.
STORY_SECONDS = 10.0


def settings_fragment(sandbox: Sandbox) -> dict[str, object]:
    """Return what the settings' ``[channel]`` must hold to deposit at a started sandbox."""
    return {
        "kind": "sftp",
        "in_folder": "in",
        "out_folder": "out",
        "sftp": {
            "host": sandbox.host,
            "port": sandbox.port,
            "user": sandbox.user,
            "key_file": str(sandbox.client_key),
            "known_hosts": str(sandbox.known_hosts),
        },
    }


def settings_text(sandbox: Sandbox) -> str:
    """Return the same as TOML, to paste into a settings file."""
    return (
        'environment = "sandbox"\n\n'
        '[channel]\nkind = "sftp"\nin_folder = "in"\nout_folder = "out"\n\n'
        f'[channel.sftp]\nhost = "{sandbox.host}"\nport = {sandbox.port}\n'
        f'user = "{sandbox.user}"\nkey_file = "{sandbox.client_key}"\n'
        f'known_hosts = "{sandbox.known_hosts}"\n'
    )


def describe(summary: SandboxSummary) -> str:
    """Return one line on a round of judging; empty when nothing had arrived."""
    if not summary.flows:
        return ""
    flows = ", ".join(
        f"{count} × {status or 'incident'}" for status, count in summary.flows.items()
    )
    return f"flows: {flows}; invoices accepted {summary.accepted}, rejected {summary.rejected}"


def serve(
    root: Path,
    port: int = 0,
    *,
    scenario: Scenario | Path | None = None,
    process_every: float = 2.0,
    step_every: float | None = None,
    say: Callable[[str], None] = print,
    stop: threading.Event | None = None,
) -> None:
    """Run a sandbox until ``stop`` is set or the process is interrupted (Ctrl-C).

    Args:
        root: folder of the sandbox.
        port: TCP port; 0: any free one.
        scenario: the story, or the name or path of one; none: an honest platform.
        process_every: seconds between two rounds of judging.
        step_every: seconds between two steps of the story, or, without a story or after its end,
            of ageing; 0: time stands still; None: as long as :data:`STORY_SECONDS` while there is a
            story, which then ends with time standing still.
        say: takes each line meant for a person.
        stop: set to end the service.

    Raises:
        SandboxServerError: when the port cannot be taken.
        ConfigurationError: when the scenario cannot be read or is wrong.
    """
    if isinstance(scenario, Path):
        scenario = load_scenario(str(scenario))
    stop = stop or threading.Event()
    with Sandbox(root.resolve(), scenario=scenario, port=port) as sandbox:
        say(f"Sandbox at sftp://{sandbox.user}@{sandbox.host}:{sandbox.port}, Ctrl-C ends it.")
        say(settings_text(sandbox))
        pace = STORY_SECONDS if step_every is None else step_every
        rounds_per_step = max(1, round(pace / process_every)) if pace else 0
        rounds = 0
        try:
            while not stop.wait(process_every):
                rounds += 1
                if line := describe(sandbox.process()):
                    say(line)
                if not rounds_per_step or rounds % rounds_per_step:
                    continue
                if not sandbox.story_over:
                    if line := sandbox.next_step():
                        say(line)
                elif step_every and (n := sandbox.age()):
                    say(f"time passes: {n} invoice statuses written")
        except KeyboardInterrupt:
            say("Sandbox stopped; its folder is kept.")
