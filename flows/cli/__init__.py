"""The command line: ``chorus-flows``. A stable contract; see ``docs/cli.md``."""

from __future__ import annotations

from flows.cli.main import main

__all__ = ["main"]
