"""The way from the settings to the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.configuration import Configuration
from flows.errors import ConfigurationError, EnvironmentMismatchError, NoLedgerError
from flows.ledger_access import ledger_url, open_ledger
from tests.support.firm import Firm


def configured(firm: Firm, **changes: str) -> Configuration:
    loaded = firm.configuration()
    return replace(loaded, settings=loaded.settings.model_copy(update=changes))


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def test_without_a_url_the_ledger_lies_in_the_state_folder(firm: Firm) -> None:
    assert ledger_url(configured(firm)) == f"sqlite:///{firm.root / 'state' / 'ledger.sqlite'}"


def test_a_url_without_a_password_is_used_as_it_is(firm: Firm) -> None:
    url = "postgresql+psycopg://chorus@db/ledger"
    assert ledger_url(configured(firm, ledger_url=url)) == url


def test_the_password_comes_from_the_environment(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = configured(
        firm,
        ledger_url="postgresql+psycopg://chorus@db:5433/ledger",
        ledger_password_env="CHORUS_TEST_LEDGER",
    )
    monkeypatch.setenv("CHORUS_TEST_LEDGER", "p@ss/word")
    assert ledger_url(loaded) == "postgresql+psycopg://chorus:p%40ss%2Fword@db:5433/ledger"
    monkeypatch.delenv("CHORUS_TEST_LEDGER")
    with pytest.raises(ConfigurationError, match="CHORUS_TEST_LEDGER is not set"):
        ledger_url(loaded)


def test_a_ledger_is_made_only_when_it_may_be(firm: Firm) -> None:
    with pytest.raises(NoLedgerError):
        open_ledger(configured(firm), create=False)
    with open_ledger(configured(firm)) as ledger:
        assert ledger.runs(1) == []
    with open_ledger(configured(firm), create=False) as ledger:
        assert ledger.runs(1) == []


def test_a_ledger_belongs_to_the_environment_that_made_it(firm: Firm) -> None:
    open_ledger(configured(firm)).close()
    firm.sections[""]["environment"] = "qualification"
    firm.write_settings()
    with pytest.raises(EnvironmentMismatchError):
        open_ledger(firm.configuration())
