"""A whole night over the folder channel: invoices per second and peak memory."""

from __future__ import annotations

import resource
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import extract
from flows import configuration, night
from transforms.balance import Place

SETTINGS = """
environment = "sandbox"
[source]
company_file = "company.yaml"
[landing]
stable_seconds = 0
[channel]
kind = "folder"
root = "gateway"
[prefect]
enabled = false
[referee]
policy = "{referee}"
"""


def measure(invoices: int, lines: int, referee: str) -> None:
    """Do a night of ``invoices`` of ``lines`` lines each and print its figures.

    ``referee`` is the policy of the settings (``off``, ``sample``, ``all``).
    """
    with tempfile.TemporaryDirectory(prefix="chorus-flows-bench-") as name:
        root = Path(name)
        for folder in ("landing", "gateway/in", "gateway/out"):
            (root / folder).mkdir(parents=True)
        (root / "company.yaml").write_text(extract.COMPANY)
        (root / "chorus-flows.toml").write_text(SETTINGS.format(referee=referee))
        size = extract.write(root / "landing" / "night.csv", invoices, lines)
        loaded = configuration.load(root / "chorus-flows.toml")
        peak = _Peak()
        start = time.perf_counter()
        with peak:
            results = night.run(loaded, clock=lambda: datetime.now(UTC))
        seconds = time.perf_counter() - start
        balance = results[0].balance
        assert balance is not None
        assert balance.holds
        deposited = balance.places[Place.DEPOSITED].count
        assert deposited == invoices, f"{deposited} of {invoices} deposited"
        flows = list((root / "gateway" / "in").iterdir())
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(
            f"night of {invoices} invoices, {lines} lines each, {size / 1e6:.0f} MB of CSV, "
            f"referee {referee}"
        )
        print(f"  {seconds:.1f} s in all, report included: {invoices / seconds:.0f} invoices/s")
        print(f"  {len(flows)} flows, {sum(f.stat().st_size for f in flows) / 1e6:.1f} MB")
        print(f"  peak memory: parent {own} MB, largest worker {worker} MB, all {peak.total} MB")


class _Peak:
    """Largest resident memory of this process and its children together, sampled."""

    def __init__(self) -> None:
        self.total = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            self.total = max(self.total, sum(_resident(pid) for pid in _family()) // 1024)


def _family() -> list[str]:
    me = "self"
    children = Path(f"/proc/{me}/task").glob("*/children")
    found = [me]
    for path in children:
        try:
            found += path.read_text().split()
        except OSError:
            continue
    return found


def _resident(pid: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    except OSError:
        return 0
    return 0
