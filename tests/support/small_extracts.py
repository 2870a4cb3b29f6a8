"""Extracts of a few rows, written and read as a run reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.profile import Profile
from flows.extracts import ExtractFile, ExtractReading, read_extracts
from transforms.grouping import InvoiceRows

FLAT = Profile.model_validate(
    {
        "profile": "flat",
        "header": {"BT-1": {"column": "no", "required": True}, "BT-2": "day"},
        "lines": {"BT-126": "line", "BT-131": {"column": "net", "required": True}},
        "shape": {"kind": "flat", "key": "no"},
    }
)
TWO = FLAT.model_copy(
    update={"shape": FLAT.shape.model_copy(update={"kind": "header_lines", "lines_key": ("inv",)})}
)
HEAD = "no;line;net\n"


def shaped(profile: Profile, **change: Any) -> Profile:
    return profile.model_copy(update={"shape": profile.shape.model_copy(update=change)})


@dataclass
class Result:
    invoices: list[InvoiceRows]
    reading: ExtractReading

    @property
    def rules(self) -> dict[str, list[str]]:
        return {rows.key: [finding.rule for finding in rows.findings] for rows in self.invoices}

    @property
    def keys(self) -> list[str]:
        return [rows.key for rows in self.invoices]

    @property
    def orphans(self) -> list[tuple[str, int | None]]:
        return [(item.rule, item.location.line) for item in self.reading.orphan_findings]


def read(folder: Path, profile: Profile = FLAT, trailer: str = "", **files: str | bytes) -> Result:
    extracts = []
    for stem, content in files.items():
        path = folder / f"{stem}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        extracts.append(ExtractFile(path, path.name, f"{stem:0<64}"))
    spill = folder / "spill"
    reading = read_extracts(extracts, profile, spill_folder=spill, trailer_mark=trailer)
    invoices = list(reading)
    assert not spill.exists() or list(spill.iterdir()) == []
    return Result(invoices, reading)
