"""``make bench``: pieces, validation and deposit against peers, the directory, a night.

``--invoices N`` and ``--lines N`` size the night, ``--rows N`` the reading, ``--flows N`` the
deposit.
"""

from __future__ import annotations

import argparse

from bench import deposit, directory, night, pieces, reading, validation


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        default=["pieces", "validation", "directory", "reading", "deposit", "night"],
    )
    parser.add_argument("--invoices", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--flows", type=int, default=20)
    arguments = parser.parse_args()
    if "pieces" in arguments.what:
        pieces.measure()
    if "validation" in arguments.what:
        validation.measure()
    if "directory" in arguments.what:
        directory.measure()
    if "reading" in arguments.what:
        reading.measure(arguments.rows)
    if "deposit" in arguments.what:
        deposit.measure(arguments.flows)
    if "night" in arguments.what:
        for referee in ("off", "sample"):
            night.measure(arguments.invoices, arguments.lines, referee)


if __name__ == "__main__":
    main()
