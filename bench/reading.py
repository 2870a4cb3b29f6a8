"""Reading and grouping a million rows: seconds and peak memory, sorted or not, joined or not.

Each case runs in a process of its own, so that its peak memory is its own. The peer is what a
program without bounds does: pandas reads the file whole and groups it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pandas as pd

from config.profile import Profile
from flows.extracts import ExtractFile, read_extracts

LINES_EACH = 10
CASES = ("flat, sorted", "flat, shuffled", "two files, sorted", "two files, shuffled, joined")
PEER = "peer: pandas, whole file"

_FLAT = {
    "profile": "bench",
    "shape": {"kind": "flat", "key": "NO", "contiguous": "auto"},
    "header": {"BT-1": "NO", "BT-2": "DAY", "BT-44": "NAME"},
    "lines": {"BT-126": "LINE", "BT-131": "NET", "BT-153": "ITEM"},
}
_TWO = _FLAT | {
    "shape": {
        "kind": "header_lines",
        "key": "NO",
        "header_files": "head*",
        "lines_files": "line*",
        "contiguous": "auto",
    }
}
_JOINED = _TWO | {
    "joined": [
        {"name": "vat", "files": "vat*", "to": "lines", "on": {"DOC": "header.NO", "POS": "LINE"}},
        {"name": "customer", "files": "cust*", "on": {"ACC": "ACCOUNT"}},
    ],
    "header": {"BT-1": "NO", "BT-2": "DAY", "BT-44": "customer.NAME"},
    "lines": {"BT-126": "LINE", "BT-131": "NET", "BT-153": "ITEM", "BT-152": "vat.RATE"},
}


def measure(rows: int) -> None:
    """Read ``rows`` line rows in each case and print seconds, rows per second and peak memory."""
    print(f"reading {rows:,} line rows, {LINES_EACH} an invoice")
    with tempfile.TemporaryDirectory(prefix="chorus-flows-bench-") as name:
        root = Path(name)
        _write(root, rows)
        for case in (*CASES, PEER):
            command = [sys.executable, "-m", "bench.reading", case, str(root), str(rows)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            speed = rows / found["seconds"]
            print(
                f"  {case:<28} {found['seconds']:6.1f} s  {speed:9,.0f} rows/s"
                f"  peak memory {found['memory']} MB"
            )


def _write(root: Path, rows: int) -> None:
    invoices = rows // LINES_EACH
    dice = random.Random(1)  # the same files in every run
    heads = [f"F{n:08d};2026-09-14;C{n % 5000};Commune {n % 5000}" for n in range(invoices)]
    lines = [
        f"F{n:08d};{line};Fourniture courante n° {line};{(n * 7 + line) % 90000 / 100:.2f}"
        for n in range(invoices)
        for line in range(1, LINES_EACH + 1)
    ]
    flat = [f"{heads[n // LINES_EACH]};{line[10:]}" for n, line in enumerate(lines)]
    vat = [f"{line.split(';')[0]};{line.split(';')[1]};20" for line in lines]
    _save(root / "flat_sorted.csv", "NO;DAY;ACCOUNT;NAME;LINE;ITEM;NET", flat)
    _save(root / "head_sorted.csv", "NO;DAY;ACCOUNT;NAME", heads)
    _save(root / "line_sorted.csv", "NO;LINE;ITEM;NET", lines)
    for table in (flat, heads, lines, vat):
        dice.shuffle(table)
    _save(root / "flat_shuffled.csv", "NO;DAY;ACCOUNT;NAME;LINE;ITEM;NET", flat)
    _save(root / "head_shuffled.csv", "NO;DAY;ACCOUNT;NAME", heads)
    _save(root / "line_shuffled.csv", "NO;LINE;ITEM;NET", lines)
    _save(root / "vat.csv", "DOC;POS;RATE", vat)
    _save(root / "cust.csv", "ACC;NAME", (f"C{n};Commune {n}" for n in range(5000)))


def _save(path: Path, heading: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(heading + "\n")
        stream.writelines(f"{row}\n" for row in rows)


def _read(case: str, root: Path, rows: int) -> float:
    if case == PEER:
        start = time.perf_counter()
        frame = pd.read_csv(root / "flat_sorted.csv", sep=";", dtype=str)
        count = sum(len(group) for _, group in frame.groupby("NO", sort=False))
        assert count == rows
        return time.perf_counter() - start
    order = "shuffled" if "shuffled" in case else "sorted"
    names = (
        [f"flat_{order}.csv"]
        if case.startswith("flat")
        else [
            f"head_{order}.csv",
            f"line_{order}.csv",
        ]
    )
    profile = _FLAT if case.startswith("flat") else _TWO
    if "joined" in case:
        names += ["vat.csv", "cust.csv"]
        profile = _JOINED
    start = time.perf_counter()
    files = [ExtractFile(root / n, n, sha256(n.encode()).hexdigest()) for n in names]
    reading = read_extracts(files, Profile.model_validate(profile), spill_folder=root / "spill")
    counted = sum(len(found.lines_block.rows) for found in reading)
    assert counted == rows, f"{counted} of {rows} rows"
    return time.perf_counter() - start


def _peak_memory() -> int:
    """Return the peak memory of this process in MB (getrusage counts what its parent had too)."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def main() -> None:
    """Run one case in this process and print its figures as JSON."""
    case, root, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    seconds = _read(case, root, rows)
    print(json.dumps({"seconds": seconds, "memory": _peak_memory()}))


if __name__ == "__main__":
    main()
