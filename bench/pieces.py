"""Writing and gating an invoice, next to the ``factur-x`` package on the same invoice.

The peer gets the very invoice we wrote, read back by its own parser, so that both write the same
data. Rounds alternate; the figure is the ratio of the medians of one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from statistics import median

from facturx import xml_check_xsd
from facturx.facturx import logger as peer_log
from facturx.generate_xml import generate_cii_xml
from facturx.parse_xml import parse_ubl_cii_xml

from config.settings import Environment, TotalsPolicy
from config.target import load_target
from schemas.registry import RuleContext
from schemas.rules import check
from schemas.xsd import XsdGate
from tests.support.sample_invoices import SAMPLES
from transforms.cii import render_cii
from transforms.invoice import Totals
from transforms.totals import complete
from transforms.ubl import render_ubl

ROUNDS = 9
SECONDS_PER_ROUND = 0.25


def measure() -> None:
    """Print microseconds per invoice of each piece, and the ratios against the peer."""
    peer_log.setLevel("ERROR")
    basic = next(iter(SAMPLES.values()))
    lines = tuple(replace(basic.lines[rank % 2], id=str(rank + 1)) for rank in range(10))
    invoice, _ = complete(replace(basic, lines=lines, totals=Totals(), vat=()), TotalsPolicy())
    target = load_target("chorus_direct")
    context = RuleContext(
        environment=Environment.PRODUCTION, target=target, run_date=date(2026, 11, 1)
    )
    gate = XsdGate("cii")
    xml = render_cii(invoice, target)
    found = parse_ubl_cii_xml(xml)
    runs: dict[str, Callable[[], object]] = {
        "totals": lambda: complete(invoice, TotalsPolicy()),
        "rules": lambda: check(invoice, context),
        "write CII": lambda: render_cii(invoice, target),
        "write UBL": lambda: render_ubl(invoice, target),
        "gate CII": lambda: gate.check(xml),
        "write + gate CII": lambda: gate.check(render_cii(invoice, target)),
        "factur-x: write CII": lambda: generate_cii_xml(
            deepcopy(found), level="en16931", check_xsd=False, check_schematron=False
        ),
        "factur-x: gate CII": lambda: xml_check_xsd(xml, flavor="factur-x", level="en16931"),
        "factur-x: write + gate CII": lambda: generate_cii_xml(
            deepcopy(found), level="en16931", check_xsd=True, check_schematron=False
        ),
    }
    figures = alternate(runs)
    print(f"one invoice of {len(invoice.lines)} lines, {len(xml)} bytes of CII, one core")
    for name, seconds in figures.items():
        print(f"  {name:<28} {seconds * 1e6:9.0f} µs")
    for name in ("write CII", "gate CII", "write + gate CII"):
        print(
            f"  {name}: {figures[f'factur-x: {name}'] / figures[name]:.1f} times the peer's speed"
        )


def alternate(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds per call, rounds of all candidates in turn."""
    rounds: dict[str, list[float]] = {name: [] for name in runs}
    for call in runs.values():
        call()
    for _ in range(ROUNDS):
        for name, call in runs.items():
            count = 0
            start = time.process_time()
            while time.process_time() - start < SECONDS_PER_ROUND:
                call()
                count += 1
            rounds[name].append((time.process_time() - start) / count)
    return {name: median(values) for name, values in rounds.items()}
