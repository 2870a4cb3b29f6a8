"""The settings of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.section import Section
from config.settings import Settings, Syntax


def sections(section: Section, name: str = "") -> Iterator[tuple[str, type[Section]]]:
    """Yield every section by its name, the top one first."""
    yield name, type(section)
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, Section):
            yield from sections(value, f"{name}.{key}".strip("."))


def test_every_key_says_what_it_means() -> None:
    silent = [
        f"{name}.{key}"
        for name, section in sections(Settings())
        for key, field in section.model_fields.items()
        if not field.description
        and not (isinstance(field.annotation, type) and issubclass(field.annotation, Section))
    ]
    # Names of columns of the directory's files: the section says it for all of them.
    assert [key for key in silent if not key.startswith("directory.")] == []


def test_paths_are_taken_from_the_folder_of_the_settings_file() -> None:
    settings = Settings.model_validate(
        {
            "state_folder": "state",
            "landing": {"folder": "/absolute"},
            "source": {"profile": "mine.yaml", "company_file": "company.yaml"},
            "channel": {"sftp": {"key_file": "keys/id"}},
        }
    ).anchored(Path("/firm"))
    assert settings.state_folder == Path("/firm/state")
    assert settings.landing.folder == Path("/absolute")
    assert settings.source.profile == "/firm/mine.yaml"
    assert settings.source.company_file == Path("/firm/company.yaml")
    assert settings.channel.sftp.key_file == Path("/firm/keys/id")
    assert Settings().anchored(Path("/firm")).source.profile == "generic"


@pytest.mark.parametrize(
    ("syntax", "interface"), [(Syntax.CII, "FSO1106A"), (Syntax.UBL, "FSO1100A")]
)
def test_the_interface_follows_the_syntax(syntax: Syntax, interface: str) -> None:
    assert Settings(syntax=syntax).interface == interface


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"nope": 1}, "nope"),
        ({"emitter": {"application_code": "abc"}}, "application_code"),
        ({"channel": {"kind": "folder"}}, "channel.root"),
        ({"run_date": "Mars/Olympus"}, "run_date: there is no time zone 'Mars/Olympus'"),
        ({"returns": {"timezone": "../etc"}}, "returns.timezone"),
        ({"brakes": {"max_quarantine_rate": "1.5"}}, "max_quarantine_rate"),
        ({"bundle": {"max_invoices": 501}}, "max_invoices"),
    ],
)
def test_wrong_keys_and_values_are_refused_by_name(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Settings.model_validate(values)


def test_a_lock_must_outlive_several_heartbeats() -> None:
    Settings.model_validate({"locks": {"heartbeat_seconds": 10, "stale_after_seconds": 30}})
    with pytest.raises(ValidationError, match="at least three times"):
        Settings.model_validate({"locks": {"heartbeat_seconds": 10, "stale_after_seconds": 29}})
