"""Progress of a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.progress import Progress, Several, Silent, on_terminal


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def start(self, stage: str, total: int | None = None) -> None:
        self.heard.append(("start", stage, total))

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        self.heard.append(("advance", stage, done, total))

    def tell(self, message: str) -> None:
        self.heard.append(("tell", message))


def play(progress: Progress) -> None:
    progress.start("transform")
    progress.advance("transform", 10, 20)
    progress.advance("deposit", 1)
    progress.tell("12 invoices [wait] for a file")


def test_several_listeners_all_hear_everything() -> None:
    one, two = Listener(), Listener()
    play(Several(one, two))
    assert (
        one.heard
        == two.heard
        == [
            ("start", "transform", None),
            ("advance", "transform", 10, 20),
            ("advance", "deposit", 1, None),
            ("tell", "12 invoices [wait] for a file"),
        ]
    )


def test_what_is_told_goes_to_standard_error_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with on_terminal() as progress:
        play(progress)
    said = capsys.readouterr()
    assert said.out == ""
    assert "12 invoices [wait] for a file" in said.err


@pytest.mark.parametrize("make", [Silent, Several])
def test_nobody_listening_is_fine(
    make: Callable[[], Progress], capsys: pytest.CaptureFixture[str]
) -> None:
    play(make())
    assert capsys.readouterr() == ("", "")
