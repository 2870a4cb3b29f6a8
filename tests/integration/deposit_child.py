"""A process of its own that deposits what is in an outbox, for the tests that kill it.

Arguments: the folder with ledger and outbox, and a file with the settings as JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path

from config.settings import Environment, Settings
from flows.channels import open_channel
from flows.deposit import deposit_flows
from flows.ledger import FlowState, Ledger


def main(folder: Path, settings: Settings) -> int:
    """Deposit every built flow; return the exit code of the deposit."""
    ledger = Ledger.open(
        f"sqlite:///{folder / 'ledger.sqlite'}",
        environment=Environment.SANDBOX,
        company="default",
        emitter="AAA999",
        create=False,
    )
    with ledger, open_channel(settings.channel) as channel:
        flows = ledger.flows(states={FlowState.BUILT})
        return int(deposit_flows(ledger, channel, folder / "outbox", flows, settings).exit_code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Settings.model_validate_json(Path(sys.argv[2]).read_text())))
