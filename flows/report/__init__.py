"""The report of a run: one HTML page for people, CSV files for a spreadsheet, JSON for programs.

Everything comes from the ledger, so a report can be written anew at any time; what only the run
itself knew (a brake that held, a cut connection) is kept from the report before. See
docs/report.md.
"""

from __future__ import annotations

from flows.report.facts import RunFacts
from flows.report.write import write_report

__all__ = ["RunFacts", "write_report"]
