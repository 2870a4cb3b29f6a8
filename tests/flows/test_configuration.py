"""Settings: read from TOML, paths anchored, every wrong key named."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.configuration import load, validate
from flows.errors import ConfigurationError, ExitCode


def test_relative_paths_start_at_the_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "chorus-flows.toml"
    path.write_text('[landing]\nfolder = "in"\n[channel.sftp]\nkey_file = "/keys/id"\n')
    settings = load(path).settings
    assert settings.landing.folder == tmp_path / "in"
    assert settings.channel.sftp.key_file == Path("/keys/id")
    assert settings.state_folder == tmp_path / "state"


def test_all_wrong_keys_are_named_at_once() -> None:
    wrong = {"emitter": {"application_code": "abc"}, "lending": {}, "bundle": {"max_invoices": 501}}
    with pytest.raises(ConfigurationError) as caught:
        validate(wrong, "x.toml")
    for key in ("emitter.application_code", "lending", "bundle.max_invoices"):
        assert key in str(caught.value)


@pytest.mark.parametrize("content", [b"a = \n", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_a_wrong_use(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not valid TOML") as caught:
        load(path)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_missing_file_tells_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Name one with --config"):
        load(tmp_path / "nowhere.toml")


def test_the_folder_channel_needs_its_root() -> None:
    with pytest.raises(ConfigurationError, match=r"channel\.root"):
        validate({"channel": {"kind": "folder"}}, "x.toml")
