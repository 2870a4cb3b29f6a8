"""Our deposit beside OpenSSH's ``sftp`` on one server, in one run.

Ours does more: the hash of each file before it leaves, the write-ahead records of the ledger, the
look for a taken name. Both upload under a temporary name and rename. Rounds alternate, and the
figure is the median of the rounds' ratios; both sides and the server share the cores.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from config.settings import Settings
from flows.channels import open_channel
from flows.deposit import deposit_flows
from flows.ledger import FlowState
from tests.flows.outbox import build_flows, open_ledger
from tests.integration.sshd import Sshd, running

FLOW_BYTES = 10_000_000
ROUNDS = 5
TARGET = 0.40


def measure(flows: int) -> None:
    """Deposit ``flows`` flows of 10 MB each way, several times, and print the ratio."""
    contents = [os.urandom(FLOW_BYTES) for _ in range(flows)]
    place = _memory(3 * flows * FLOW_BYTES)  # outbox, the peer's files, what arrives
    ratios, ours, theirs = [], [], []
    with (
        tempfile.TemporaryDirectory(prefix="chorus-flows-bench-", dir=place) as name,
        running(Path(name) / "server") as server,
    ):
        for rank in range(ROUNDS):
            first = _peer(Path(name), server, contents) if rank % 2 else 0.0
            mine = _ours(Path(name), server, contents)
            peer = first or _peer(Path(name), server, contents)
            ratios.append(peer / mine)
            ours.append(mine)
            theirs.append(peer)
    megabytes = flows * FLOW_BYTES / 1e6
    where = "memory" if place else "disk"
    print(f"deposit of {flows} flows of {FLOW_BYTES / 1e6:.0f} MB on loopback, server on {where}")
    print(f"  chorus-flows, hash, ledger and rename  {megabytes / median(ours):6.0f} MB/s")
    print(f"  OpenSSH sftp -b, rename                {megabytes / median(theirs):6.0f} MB/s")
    rounds = ", ".join(f"{ratio:.0%}" for ratio in ratios)
    print(f"  ratio {median(ratios):.0%} of OpenSSH's (target {TARGET:.0%}; rounds {rounds})")


def _memory(needed: int) -> Path | None:
    """Return a folder in memory with so much room; None for the disk, when there is none."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > needed:
        return memory
    return None


def _ours(place: Path, server: Sshd, contents: list[bytes]) -> float:
    settings = Settings(channel=server.settings())
    with (
        tempfile.TemporaryDirectory(dir=place) as name,
        open_ledger(folder := Path(name)) as ledger,
        open_channel(settings.channel) as channel,
    ):
        build_flows(ledger, folder / "outbox", *contents)
        flows = ledger.flows(states={FlowState.BUILT})
        start = time.perf_counter()
        result = deposit_flows(ledger, channel, folder / "outbox", flows, settings)
        seconds = time.perf_counter() - start
    assert len(result.delivered) == len(contents), result.errors
    _empty(server, len(contents))
    return seconds


def _peer(place: Path, server: Sshd, contents: list[bytes]) -> float:
    with tempfile.TemporaryDirectory(dir=place) as name:
        return _send_with_openssh(Path(name), server, contents)


def _send_with_openssh(folder: Path, server: Sshd, contents: list[bytes]) -> float:
    lines = []
    for rank, content in enumerate(contents):
        local = folder / f"peer-{rank}"
        local.write_bytes(content)
        lines += [f"put {local} in/{rank}.tmp", f"rename in/{rank}.tmp in/{rank}"]
    batch = folder / "batch"
    batch.write_text("\n".join(lines) + "\n")
    login = server.settings().sftp
    options = {
        "IdentityFile": login.key_file,
        "UserKnownHostsFile": login.known_hosts,
        "IdentitiesOnly": "yes",
    }
    command = ["sftp", "-q", "-b", str(batch), "-F", "none", "-P", str(login.port)]
    command += [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    start = time.perf_counter()
    subprocess.run([*command, f"{login.user}@{login.host}"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    _empty(server, len(contents))
    return seconds


def _empty(server: Sshd, expected: int) -> None:
    arrived = list((server.account / "in").iterdir())
    assert len(arrived) == expected
    assert all(path.stat().st_size == FLOW_BYTES for path in arrived)
    for path in arrived:
        path.unlink()
