"""Imported by the fork server of ``apart``: a night, so that no child reads tables and rules anew.

Profiles, code tables, texts and schemas are read once per process and kept. A child that finds them
there spends a third of the time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from flows import collecting
from tests.support.firm import Firm, csv, row


def warm_up() -> None:
    """Do a night and a collect of a firm that nobody knows."""
    with tempfile.TemporaryDirectory() as folder:
        firm = Firm(Path(folder), {"referee": {"policy": "off"}})
        firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
        firm.run()
        collecting.collect_now(firm.configuration())


warm_up()
