"""XML invoices as an ERP would write them, of both syntaxes, plain or oddly formatted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from config.target import SyntaxName
from flows.convert import convert_files, settings_for
from tests.support.firm import COMPANY, NOW, Firm, csv, row
from transforms.unbundle import read_bundle

#: Prefixes of our own writer, and others that mean the same.
_PREFIXES = {"cbc": "b", "cac": "a", "rsm": "facture", "ram": "r", "udt": "u", "qdt": "q"}


def xml_of(folder: Path, syntax: SyntaxName, *numbers: str, **changes: str) -> dict[str, bytes]:
    """Return the XML of right invoices by number; ``changes`` are those of their rows."""
    folder.mkdir(parents=True, exist_ok=True)
    extract, company = folder / "rows.csv", folder / "company.yaml"
    extract.write_text(csv([row(number, **changes) for number in numbers]), "utf-8")
    company.write_text(COMPANY, "utf-8")
    out = folder / "xml"
    settings = settings_for([extract], company=company, syntax=syntax)
    done = convert_files([extract], settings, out=out, clock=lambda: NOW + timedelta(days=10))
    assert done.written == len(numbers), done.lines
    return {number: (out / f"{number}.xml").read_bytes() for number in numbers}


def oddly(xml: bytes) -> bytes:
    """Return the same invoice with other prefixes, comments, blanks and line ends."""
    text = xml.decode()
    for prefix, other in _PREFIXES.items():
        text = re.sub(rf"(?<=[<:/]){prefix}(?=[:=])", other, text)
    text = re.sub(r"^<\?xml[^>]*\?>\s*", "", text)
    text = text.replace("><", ">\r\n\t<!-- facture à suivre --><")
    return f"<?xml version='1.0' encoding='utf-8'?>\r\n<!-- ERP -->\r\n{text}\r\n".encode()


def xml_firm(
    root: Path, syntax: SyntaxName, sections: dict[str, dict[str, object]] | None = None
) -> Firm:
    """Return a firm whose nights read XML of ``syntax``."""
    own: dict[str, dict[str, object]] = {
        "": {"environment": "sandbox", "syntax": syntax},
        "source": {"profile": syntax},
    }
    for name, values in (sections or {}).items():
        own[name] = own.get(name, {}) | values
    return Firm(root, own)


def members(flows: Sequence[Path]) -> list[bytes]:
    """Return the XML of flows as they arrived, in their order."""
    found = []
    for path in flows:
        with path.open("rb") as stream:
            found += [xml for _, xml in read_bundle(stream, name=path.name)]
    return found
