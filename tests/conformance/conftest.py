"""Conformance runs: reference data given by ``--data``, and the table they end with."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.support.coverage import Coverage, Score

AIFE_FOLDERS = ("aife_FSO1116A_E2_CII16B", "aife_FSO1117A_facturx_en16931")
D16B = "xsd/cii_d16b/CII/uncefact/data/standard/CrossIndustryInvoice_100pD16B.xsd"

_COVERAGE = pytest.StashKey[Coverage]()
_VERDICTS = pytest.StashKey[Score]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_COVERAGE] = Coverage()
    config.stash[_VERDICTS] = Score()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "aife_sample" in metafunc.fixturenames:
        data = metafunc.config.getoption("--data")
        paths = [] if data is None else _samples(data)
        metafunc.parametrize("aife_sample", paths, ids=[path.stem for path in paths])


def _samples(data: Path) -> list[Path]:
    return [
        path for name in AIFE_FOLDERS for path in sorted((data / "chorus" / name).glob("*.xml"))
    ]


@pytest.fixture(scope="session")
def data_folder(request: pytest.FixtureRequest) -> Path:
    """Folder of the reference data."""
    folder: Path = request.config.getoption("--data")
    return folder


@pytest.fixture(scope="session")
def d16b(data_folder: Path) -> etree.XMLSchema:
    """UN/CEFACT's schema of the Cross Industry Invoice, D16B, uncoupled from code lists."""
    return etree.XMLSchema(file=str(data_folder / D16B))


@pytest.fixture(scope="session")
def coverage(request: pytest.FixtureRequest) -> Coverage:
    """What the final table tells."""
    return request.config.stash[_COVERAGE]


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> Score:
    """The score of our EN 16931 rules that the run ends with."""
    return request.config.stash[_VERDICTS]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    coverage = config.stash[_COVERAGE]
    if coverage.rows:
        terminalreporter.section("AIFE samples: values carried by model and writer")
        for line in coverage.lines():
            terminalreporter.write_line(line)
    score = config.stash[_VERDICTS]
    if score.seen:
        terminalreporter.section("EN 16931: documents with the official verdict")
        for line in score.lines():
            terminalreporter.write_line(line)
