"""Chorus Pro in miniature: an SFTP server, an independent judge, and a directory of buyers.

The embedded default of the demo, and the judge in tests. See ``docs/sandbox.md``.
"""

from __future__ import annotations

from flows.sandbox.directory import Directory, Service, Structure, load_directory
from flows.sandbox.faults import Fault, FaultKind, Faults, at_percent
from flows.sandbox.memory import Arrival, ArrivedInvoice
from flows.sandbox.sandbox import Sandbox, SandboxSummary
from flows.sandbox.scenario import Scenario, load_scenario, parse_scenario
from flows.sandbox.serve import serve, settings_fragment, settings_text
from flows.sandbox.server import SandboxServerError

__all__ = [
    "Arrival",
    "ArrivedInvoice",
    "Directory",
    "Fault",
    "FaultKind",
    "Faults",
    "Sandbox",
    "SandboxServerError",
    "SandboxSummary",
    "Scenario",
    "Service",
    "Structure",
    "at_percent",
    "load_directory",
    "load_scenario",
    "parse_scenario",
    "serve",
    "settings_fragment",
    "settings_text",
]
