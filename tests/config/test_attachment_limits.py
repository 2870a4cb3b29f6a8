from __future__ import annotations

from config.attachments import attachment_limits
from config.settings import Attachments


def test_defaults_are_those_of_the_settings() -> None:
    limits = attachment_limits()
    assert limits.max_name == 50
    assert limits.max_file_bytes == 10_000_000
    assert limits.max_invoice_bytes == 120_000_000


def test_settings_win_over_the_defaults() -> None:
    limits = attachment_limits(Attachments(max_file_bytes=5, max_invoice_bytes=7))
    assert (limits.max_file_bytes, limits.max_invoice_bytes) == (5, 7)


def test_every_extension_is_lower_case_and_has_a_media_type() -> None:
    table = attachment_limits().media_types
    assert len(table) == 35
    for extension, media_type in table.items():
        assert extension == extension.lower().strip(".")
        assert media_type.count("/") == 1
