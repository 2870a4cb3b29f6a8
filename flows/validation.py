"""What a validation of XML comes to: layers with their statuses, findings, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from config.target import SyntaxName
from transforms.finding import Finding


class LayerName(StrEnum):
    """A layer of validation that may be asked for."""

    XSD = "xsd"
    RULES = "rules"
    REFEREE = "referee"


class LayerStatus(StrEnum):
    """What became of a layer. ``not_run`` and ``failed`` keep a file from being valid."""

    OK = "ok"
    FINDINGS = "findings"
    NOT_RUN = "not_run"
    FAILED = "failed"


DEFAULT_LAYERS = (LayerName.XSD, LayerName.RULES)


class LayerResult(NamedTuple):
    """A layer that was asked for: its status, and the version of what judged."""

    name: LayerName
    version: str
    status: LayerStatus


class Told(NamedTuple):
    """A finding and the layer that told it (``shape``: before any layer that can be asked for)."""

    layer: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found of one file."""

    file: str
    target: str
    syntax: SyntaxName | None = None
    layers: tuple[LayerResult, ...] = ()
    told: tuple[Told, ...] = ()
    number: str | None = None
    """Invoice number (BT-1), when it could be read."""

    @property
    def valid(self) -> bool:
        """Whether every layer asked for has run and nothing blocks."""
        ran = all(layer.status in (LayerStatus.OK, LayerStatus.FINDINGS) for layer in self.layers)
        return ran and not any(told.finding.blocks for told in self.told)
