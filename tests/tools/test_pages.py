"""The generated pages say what the code says; docs name only commands and files that exist."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from config.settings import Settings

ROOT = Path(__file__).parents[2]


def load_pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "tools" / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", list(load_pages().pages()), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    expected = load_pages().pages()[path]
    assert path.read_text("utf-8") == expected, "run: make docs"


def test_the_default_settings_file_is_valid_and_changes_nothing() -> None:
    text = (ROOT / "config" / "default.toml").read_text("utf-8")
    assert Settings.model_validate(tomllib.loads(text)) == Settings()
    uncommented = re.sub(r"^# (\w+ = (?!\(none\)).*)$", r"\1", text, flags=re.MULTILINE)
    assert Settings.model_validate(tomllib.loads(uncommented)) == Settings()


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name
)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
