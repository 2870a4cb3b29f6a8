"""What Chorus Pro takes as attachments: extensions, media types, sizes.

The table is ``config/codes/attachments.yaml``, where each fact has its source; sizes that no AIFE
text at hand confirms come from the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from config import settings
from config.yaml_text import load_yaml


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """Limits on the attachments of one invoice.

    Attributes:
        max_name: longest file name, in characters, extension included.
        max_file_bytes: an attachment must be smaller than this.
        max_invoice_bytes: the XML of an invoice, its attachments included, at most.
        media_types: media type written for each accepted extension (lower case, no dot).
    """

    max_name: int
    max_file_bytes: int
    max_invoice_bytes: int
    media_types: Mapping[str, str] = field(repr=False)


@cache
def attachment_limits(section: settings.Attachments | None = None) -> AttachmentLimits:
    """Return the limits for these settings (the documented defaults without any)."""
    chosen = section or settings.Attachments()
    table = load_yaml((files("config") / "codes" / "attachments.yaml").read_text("utf-8"))
    return AttachmentLimits(
        max_name=table["max_name"],
        max_file_bytes=chosen.max_file_bytes,
        max_invoice_bytes=chosen.max_invoice_bytes,
        media_types=MappingProxyType(table["extensions"]),
    )
