"""The folder of a demo: what may be emptied, and what stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import Environment
from flows import configuration
from flows.demo.stage import MARK, Installation, prepare
from flows.demo.wrong import TOO_LARGE
from flows.errors import ConfigurationError
from flows.sandbox import Sandbox


def test_a_new_folder_is_made_and_an_old_demo_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "demo"
    prepare(folder)
    (folder / "state").mkdir()
    (folder / "state" / "ledger.sqlite").write_bytes(b"old")
    prepare(folder)
    assert [path.name for path in folder.iterdir()] == [MARK]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert (tmp_path / MARK).is_file()


@pytest.mark.parametrize("is_file", [False, True])
def test_what_is_no_demo_is_refused_and_left_as_it_is(tmp_path: Path, is_file: bool) -> None:
    precious = tmp_path / "precious" / "accounts.csv"
    precious.parent.mkdir()
    precious.write_text("2026")
    with pytest.raises(ConfigurationError, match="nothing in it was touched"):
        prepare(precious if is_file else precious.parent)
    assert precious.read_text() == "2026"


def test_an_installation_has_settings_that_load(tmp_path: Path) -> None:
    firm = Installation(tmp_path / "firm")
    with Sandbox(tmp_path / "sandbox") as sandbox:
        firm.write(sandbox, application="MES001", language="en")
        port = sandbox.port
    settings = configuration.load(firm.settings).settings
    assert settings.environment is Environment.SANDBOX
    assert settings.channel.sftp.port == port
    assert settings.report.language == "en"
    assert settings.emitter.application_code == "MES001"
    assert settings.source.company_file == tmp_path / "firm" / "company.yaml"
    assert settings.source.company_file.is_file()


def test_extracts_land_with_their_control_files(tmp_path: Path) -> None:
    firm = Installation(tmp_path)
    firm.land("night1")
    names = sorted(path.name for path in (tmp_path / "landing").iterdir())
    assert [name for name in names if not name.endswith(".ctl")] == [
        "20260130_energie.csv",
        "20260130_travaux.tsv",
    ]
    assert len(names) == 4


def test_the_attachment_too_large_has_exactly_the_size_that_is_refused(tmp_path: Path) -> None:
    firm = Installation(tmp_path)
    firm.attach("attachments")
    firm.attach_too_large()
    assert (firm.attachments / TOO_LARGE).stat().st_size == 10_000_000
    assert len(list((firm.attachments / "bons").iterdir())) > 30
