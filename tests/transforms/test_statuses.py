"""The facts of a return file."""

from __future__ import annotations

import pytest

from transforms.finding import Finding, Severity
from transforms.statuses import (
    ErrorLine,
    Problem,
    Reason,
    ReturnContent,
    ReturnFlow,
    status_code,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("7", 7),
        ("07", 7),
        ("90", 90),
        ("", None),
        ("-7", None),
        ("+7", None),
        ("7.0", None),
        ("٧", None),
        ("IN_RECU", None),
        ("9" * 5000, None),
    ],
)
def test_a_status_is_a_plain_number_or_unknown(text: str, code: int | None) -> None:
    assert status_code(text) == code


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (ErrorLine(), ""),
        (ErrorLine(label="a"), "a"),
        (ErrorLine(label="a", description="b", code="c", nature="d"), "a\nb"),
    ],
)
def test_the_free_texts_of_an_error_line_are_read_together(line: ErrorLine, text: str) -> None:
    assert line.text == text


def test_problems_are_told_before_what_is_only_odd() -> None:
    odd = Finding("RT-TIME-01", Severity.WARNING, value="hier")
    flow = ReturnFlow(
        name="a", kind="flow", flow_id="", produced="", sender="", receiver="", findings=(odd,)
    )
    content = ReturnContent((flow,), (Problem("b", Reason.EMPTY, ""),))
    first, second = content.findings
    assert (first.rule, first.location.file, first.params["reason"]) == ("RT-FILE-01", "b", "empty")
    assert second is odd
