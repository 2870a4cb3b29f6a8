"""``make bench``: pieces against peers, then a night (``--invoices N``, default 20,000)."""

from __future__ import annotations

import argparse

from bench import night, pieces


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="*", default=["pieces", "night"])
    parser.add_argument("--invoices", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=10)
    arguments = parser.parse_args()
    if "pieces" in arguments.what:
        pieces.measure()
    if "night" in arguments.what:
        night.measure(arguments.invoices, arguments.lines)


if __name__ == "__main__":
    main()
