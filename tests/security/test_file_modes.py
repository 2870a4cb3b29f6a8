"""Whatever the umask and the rights extracts land with: below state and reports, owner only."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from flows import configuration, night
from flows.collecting import collect_now
from flows.errors import ExitCode, worst
from flows.ledger import copy_sqlite
from flows.ledger_access import open_ledger
from flows.profiles import load_profile
from flows.quarantine_export import export
from tests.support.apart import apart
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status

_FLOW = "ABC1231106000000000000001"
_PROFILE = """
extends: generic
profile: joined
shape: {contiguous: false}
"""


def _night(root: Path, umask: int) -> tuple[ExitCode, tuple[str, ...]]:
    """Do a night with all it may keep, a collect, an export, a copy of the ledger."""
    os.umask(umask)
    firm = Firm(root)
    settings = configuration.load(firm.settings_file)
    results = night.run(settings, clock=lambda: firm.now)
    firm.now += timedelta(minutes=5)
    results += night.run(settings, clock=lambda: firm.now)  # the twin was left to this one
    out = root / "gateway" / "out"
    (out / "CSO1106A_r1").write_bytes(document(flow_status("96", flow_id=_FLOW, lines=["?"])))
    (out / "CSO1106A_r2").write_bytes(b"what is this?")
    firm.now += timedelta(days=1)
    collect_now(settings, clock=lambda: firm.now)
    with open_ledger(settings, clock=lambda: firm.now) as ledger:
        profile = load_profile(settings.settings.source.profile)
        export(ledger, settings.settings, profile, root / "reports" / "mended")
        copy_sqlite(root / "state" / "ledger.sqlite", root / "state" / "backups.sqlite")
        open_now = wide(root)
    return worst(*(result.exit_code for result in results)), tuple(open_now)


def wide(root: Path) -> list[str]:
    """Return what others than the owner may read, or what the owner may not."""
    found = []
    for top in (root / "state", root / "reports"):
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode != (0o700 if path.is_dir() else 0o600):
                found.append(f"{path.relative_to(root)} {mode:o}")
    return found


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_the_owner_reads_what_is_kept(tmp_path: Path, umask: int) -> None:
    firm = Firm(tmp_path, {"source": {"company_file": "company.yaml", "profile": "joined.yaml"}})
    (tmp_path / "joined.yaml").write_text(_PROFILE)
    rows = [row("F1"), row("F2", buyer_siret="1"), row("F3", attachments="bl.pdf"), row("F1b")]
    path = firm.drop("a.csv", csv(rows))
    path.chmod(0o666)
    again = firm.drop("b.csv", csv(rows))
    again.chmod(0o664)
    control = tmp_path / "landing" / "a.csv.ctl"
    control.write_text("invoices=4\n")
    control.chmod(0o640)
    ended = apart(_night, tmp_path, umask)
    assert ended.code is ExitCode.FINDINGS, ended
    assert ended.told == ()
    assert wide(tmp_path) == []
    kept = {path.name for path in (tmp_path / "state").rglob("*")}
    assert {"a.csv", "b.csv", "a.csv.ctl", "ledger.sqlite", "not_understood", "waiting"} <= kept
