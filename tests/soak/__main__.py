"""``make soak``: the ledger's state machine, then nights of random crashes, on both databases."""

from __future__ import annotations

import argparse
import logging
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.ledger_machine import LedgerMachine, Place
from tests.soak.nights import Soak
from tests.soak.places import in_postgres, in_sqlite
from tests.soak.world import EMITTER, ViolationError
from tests.support import postgres

#: Part of the time that the state machine gets, of each database's share.
MACHINE_SHARE = 0.1
#: State machines run between two looks at the clock.
EXAMPLES = 10

LONG = settings(
    max_examples=EXAMPLES,
    stateful_step_count=80,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def main() -> int:
    """Soak as the command line says; 1 when something was lost, doubled or silent."""
    wanted = _arguments()
    # Each cut is a warning there; what matters is checked.
    logging.getLogger("flows").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    _say(f"seed {wanted.seed}; again: make soak SEED={wanted.seed} NIGHTS={wanted.nights}")
    share = wanted.minutes * 60 / len(wanted.ledgers)
    folder = Path(tempfile.mkdtemp(prefix="chorus-flows-soak-"))
    for ledger in wanted.ledgers:
        root = folder / ledger
        root.mkdir()
        try:
            if ledger == "sqlite":
                _soak(root, wanted, share, in_sqlite(_made(root / "machine")), "")
            else:
                with postgres.running() as server:
                    url = server.new_ledger(company="default", emitter=EMITTER)
                    _soak(root, wanted, share, in_postgres(server), url)
        except AssertionError as error:
            _say(f"VIOLATION on {ledger}, seed {wanted.seed}: {error}")
            _say(f"again: make soak SEED={wanted.seed} NIGHTS={wanted.nights} LEDGERS={ledger}")
            _say(f"the installation is kept in {root}")
            return 1
    shutil.rmtree(folder)
    _say("0 lost, 0 doubled, 0 silent")
    return 0


def _soak(
    root: Path,
    wanted: argparse.Namespace,
    share: float,
    find: Callable[[], Place],
    url: str,
) -> None:
    begun = time.monotonic()
    examples = 0
    while time.monotonic() - begun < share * MACHINE_SHARE:
        machine = hypothesis.seed(wanted.seed + examples)(lambda: LedgerMachine(find))
        run_state_machine_as_test(machine, settings=LONG)
        examples += EXAMPLES
    _say(f"{root.name}: {examples} sequences of 80 calls held against the model of the ledger")
    soak = Soak(_made(root / "firm"), seed=wanted.seed, ledger_url=url, say=_say)
    try:
        figures = soak.run(wanted.nights, until=lambda: time.monotonic() - begun > share)
    except ViolationError as error:
        raise AssertionError(f"night {soak.figures.nights}: {error}") from error
    finally:
        soak.close()
    for line in figures.lines():
        _say(f"{root.name}: {line}")
    if figures.nights < wanted.nights:
        _say(f"{root.name}: the time was over after {figures.nights} of {wanted.nights} nights")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--seed", type=lambda text: int(text) if text else secrets.randbelow(10**6))
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--ledgers", type=lambda text: text.split(","), default="sqlite,postgres")
    found = parser.parse_args()
    if found.seed is None:
        found.seed = secrets.randbelow(10**6)
    return found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
