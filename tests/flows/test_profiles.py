"""Loading profiles and company files."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.company import PLACES
from flows.errors import ConfigurationError, ExitCode
from flows.profiles import load_company, load_profile, profile_text, shipped_profiles


def write(folder: Path, text: str, name: str = "p.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_shipped_profile_loads_under_its_own_name(name: str) -> None:
    profile = load_profile(name)
    assert profile.profile == name
    assert set(profile.description) == {"fr", "en"}


def test_a_profile_for_others_to_extend_is_not_listed_and_can_be_shown() -> None:
    assert not [name for name in shipped_profiles() if name.startswith("_")]
    assert "BT-27: {company: true}" in profile_text("_base")
    with pytest.raises(ConfigurationError, match="BT-1"):
        load_profile("_base")


def test_the_base_profile_takes_every_term_that_a_company_file_can_give(tmp_path: Path) -> None:
    path = write(tmp_path, "extends: _base\nprofile: mine\nheader: {BT-1: number}\n")
    header = load_profile(path).header
    from_company = {key for key, source in header.items() if source.company}
    assert set(PLACES.values()) <= from_company


def test_a_profile_extends_another_and_says_only_what_differs(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "extends: generic\nprofile: mine\nformat: {separator: ','}\nheader: {BT-1: numero}\n",
    )
    profile, generic = load_profile(path), load_profile("generic")
    assert profile.format.separator == ","
    assert profile.format.quote == generic.format.quote
    assert profile.header["BT-1"].column == "numero"
    assert profile.header["BT-2"] == generic.header["BT-2"]


def test_a_profile_extends_a_file_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "profile: base\nheader: {BT-1: number}\n", "base.yaml")
    path = write(tmp_path, "extends: base.yaml\nprofile: mine\nheader: {BT-2: day}\n")
    assert set(load_profile(path).header) == {"BT-1", "BT-2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("profile: p\nheader:\n  BT-1: n\n  BT-999: x\n", ["line 4", "header.BT-999"]),
        ("profile: p\nheader:\n  BT-1: n\ncolour: red\n", ["line 4", "colour"]),
        ("profile: p\nheader:\n  BT-1: {column: n, pad: perhaps}\n", ["line 3", "pad"]),
        ("profile: p\nheader:\n  BT-1: n\n  BT-1: m\n", ["line 4", "BT-1"]),
        ("profile: p\nheader: [\n", ["line 3"]),
        ("", ["no keys"]),
        ("profile: p\nheader: {BT-1: n}\nformat:\n  encoding: ebcdic\n", ["line 4", "encoding"]),
        ("extends: nowhere\nprofile: p\n", ["nowhere", "generic"]),
        (
            "extends: generic\nprofile: p\nheader:\n  BT-2: {column: d, table: t}\n",
            ["p.yaml, line 4", "BT-2.table"],
        ),
        ("extends: p.yaml\nprofile: p\n", ["circle"]),
        (
            "extends: generic\nprofile: p\ndates: {formats: [dd/MM/yyyy, MM/dd/yyyy]}\n",
            ["p.yaml, line 3, key dates.formats.1"],
        ),
    ],
)
def test_faults_of_a_profile_name_file_line_and_key(
    tmp_path: Path, text: str, told: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_profile(write(tmp_path, text))
    for part in told:
        assert part in caught.value.what
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.next_step


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "profile: p\nheader: {BT-1: n, BT-999: x}\nlines: {BT-5: y}\n"
    with pytest.raises(ConfigurationError) as caught:
        load_profile(write(tmp_path, text))
    assert "BT-999" in caught.value.what
    assert "BT-5" in caught.value.what


def test_a_profile_that_is_not_there_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="generic_two_files"):
        load_profile("sap_unknown")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_profile(tmp_path / "none.yaml")


def test_a_company_file_loads_with_its_everyday_words(tmp_path: Path) -> None:
    path = write(tmp_path, "key: north\nseller: {name: Nord, siret: '73282932000074'}\n")
    company = load_company(path)
    assert (company.key, company.values["BT-30"]) == ("north", "73282932000074")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"seller:\n  siret: 73282932000074\n", ["line 2", "seller.siret"]),
        (b"sellr: {}\n", ["line 1", "sellr"]),
        (b"- a\n", ["no keys"]),
        ("seller: {name: Été}\n".encode("latin-1"), ["UTF-8"]),
    ],
)
def test_faults_of_a_company_file_name_file_line_and_key(
    tmp_path: Path, data: bytes, told: list[str]
) -> None:
    path = tmp_path / "company.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        load_company(path)
    for part in ("company.yaml", *told):
        assert part in caught.value.what


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ("{constant: EUR}", {"constant": "EUR"}),
        ('{value: "upper(CUR)"}', {"value": "upper(CUR)", "default": "EUR"}),
        ("{column: CUR}", {"column": "CUR", "default": "EUR"}),
        ("{default: USD}", {"column": "currency", "default": "USD"}),
    ],
)
def test_a_term_that_names_its_source_replaces_that_of_its_parent(
    tmp_path: Path, child: str, expected: dict[str, str]
) -> None:
    path = write(tmp_path, f"extends: generic\nprofile: own\nheader:\n  BT-5: {child}\n")
    source = load_profile(path).header["BT-5"]
    assert source.model_dump(exclude_unset=True) == expected
