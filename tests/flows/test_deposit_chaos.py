"""At most once, and known: deposits of several nights under any mixture of cuts and kills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import Settings
from flows.channels import RemoteEntry
from flows.channels.base import Progress
from flows.deposit import deposit_flows
from flows.errors import TransportError
from flows.ledger import Ledger
from flows.recovery import recover
from tests.flows.outbox import (
    MemoryChannel,
    build_flows,
    open_ledger,
    records,
    settings_with,
    trail,
)

T = TypeVar("T")

#: What may happen to one operation: nothing; the connection or we ourselves die before it, after
#: it, or (an upload) in the middle.
FATES = ("cut before", "cut after", "cut within", "kill before", "kill after", "kill within")

#: What happens in a night: operation and number of the call, fate.
Night = dict[tuple[str, int], str]

OPERATION = st.sampled_from(["rename", "put", "connect", "stat", "discard"])
NIGHT = st.dictionaries(
    st.tuples(OPERATION, st.integers(1, 3)), st.sampled_from(FATES), min_size=2, max_size=6
)


class Killed(BaseException):
    """Our process died: no handler of ours runs."""


class Chaos(MemoryChannel):
    """Has a fate for some calls.

    Chorus Pro takes final names at once, or leaves them; when it takes and temporary names are not
    known to be ignored, it also takes what a cut upload left.
    """

    def __init__(self, settings: Settings, fates: Night, *, takes: bool) -> None:
        super().__init__(settings)
        self.fates = fates
        self.calls: Counter[str] = Counter()
        self.takes = takes

    def connect(self) -> None:
        self._meet("connect", super().connect)

    def stat(self, path: str) -> RemoteEntry | None:
        return self._meet("stat", lambda: MemoryChannel.stat(self, path))

    def discard(self, path: str) -> bool:
        return self._meet("discard", lambda: MemoryChannel.discard(self, path))

    def rename(self, temporary: str, final: str) -> None:
        self._meet("rename", lambda: MemoryChannel.rename(self, temporary, final))

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        def half() -> None:
            content = local.read_bytes()
            self.files[path] = content[: len(content) // 2]
            if self.takes and not self.settings.temporary_ignored:
                del self.files[path]
                self.arrivals.append("in/" + path.rpartition("/")[2].partition(".")[0])

        return self._meet(
            "put", lambda: MemoryChannel.put(self, local, path, progress=progress), half
        )

    def _arrived(self, path: str) -> None:
        before = len(self.arrivals)
        super()._arrived(path)
        if self.takes and len(self.arrivals) > before:
            del self.files[path]

    def _meet(
        self, name: str, operation: Callable[[], T], half: Callable[[], None] = lambda: None
    ) -> T:
        self.calls[name] += 1
        fate = self.fates.get((name, self.calls[name]), "")
        error = Killed() if fate.startswith("kill") else TransportError(fate)
        if fate.endswith("before"):
            raise error
        if fate.endswith("within"):
            half()
            raise error
        result = operation()
        if fate.endswith("after"):
            raise error
        return result


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Path]]:
    folder = tmp_path_factory.mktemp("chaos")
    with open_ledger(folder) as ledger:
        yield ledger, folder / "outbox"


def night(ledger: Ledger, channel: Chaos, outbox: Path, settings: Settings) -> None:
    """One run: recovery, then the deposit of what is left."""
    found = recover(ledger, channel, outbox, settings)
    deposit_flows(
        ledger,
        channel,
        outbox,
        [*found.to_deposit, *found.unsettled],
        settings,
        sleep=lambda _: None,
    )


@pytest.mark.parametrize("takes", [False, True], ids=["leaves", "takes"])
@pytest.mark.parametrize(
    ("temporary", "ignored"), [("suffix", True), ("folder", False), ("none", True)]
)
@settings(max_examples=40, deadline=None)
@given(nights=st.lists(NIGHT, min_size=1, max_size=3))
def test_whatever_happens_a_flow_arrives_at_most_once_and_its_state_is_true(
    place: tuple[Ledger, Path], nights: list[Night], takes: bool, temporary: str, ignored: bool
) -> None:
    ledger, outbox = place
    settings = settings_with(temporary=temporary, temporary_ignored=ignored, retries=1)
    contents = (b"one" * 700, b"two" * 5)
    ids = build_flows(ledger, outbox, *contents)
    arrivals: Counter[str] = Counter()
    files: dict[str, bytes] = {}
    for fates in [*nights, {}]:  # the last night is a calm one
        channel = Chaos(settings, fates, takes=takes)
        channel.files = files
        with suppress(Killed):
            night(ledger, channel, outbox, settings)
        files = channel.files
        arrivals.update(channel.arrivals)

    for flow, content in zip(records(ledger, ids), contents, strict=True):
        final = f"in/{flow.file_name}"
        assert arrivals[final] <= 1
        assert flow.state in ("deposited", "in_doubt")
        if flow.state == "deposited":
            assert arrivals[final] == 1
            assert takes or files[final] == content
        else:
            # Only where nobody can know: a rename was asked for, or an upload could be taken.
            assert "renaming" in trail(ledger, flow.flow_id) or temporary == "none" or not ignored
    # A temporary name stays only where nobody dared to remove it.
    doubtful = {flow.file_name for flow in records(ledger, ids) if flow.state == "in_doubt"}
    left_over = {path.rpartition("/")[2].partition(".")[0] for path in files if "." in path}
    assert left_over <= doubtful
