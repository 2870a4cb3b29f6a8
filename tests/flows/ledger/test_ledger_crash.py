"""The ledger against kill -9 in the middle of its work, and against several writers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from itertools import count
from pathlib import Path

from config.settings import Environment
from flows.ledger import FlowState, InvoiceState, Ledger
from tests.support.ledger_nights import RUN, start

PROJECT = Path(__file__).parents[3]

CHUNKS, SIZE = 12, 40

RESUMABLE = f"""
import sys
from config.settings import Environment
from flows.ledger import Ledger
from tests.support.ledger_nights import RUN, bundle, outcome
with Ledger.open(
    sys.argv[1], environment=Environment.SANDBOX, company="acme", emitter="AAA999"
) as ledger:
    done = ledger.recorded(RUN)
    for chunk in range({CHUNKS}):
        whole = [outcome(chunk * {SIZE} + i) for i in range({SIZE})]
        left = [o for o in whole if (o.span.file_sha256, o.span.first_line) not in done]
        assert len(left) in (0, {SIZE}), "part of a chunk was recorded"
        if left:
            members, flow = bundle(ledger, left)
            print(chunk, flow.flow_id, flush=True)
            assert ledger.commit_chunk(RUN, members, [flow]) == ()
            ledger.move_flow(flow.flow_id, "uploading")
"""

RIVAL = """
import sys
from config.settings import Environment
from flows.ledger import Ledger
from tests.support.ledger_nights import bundle, outcome, start
name = sys.argv[2]
with Ledger.open(
    sys.argv[1], environment=Environment.SANDBOX, company=name, emitter="AAA999"
) as ledger:
    start(ledger, name)
    for chunk in range(15):
        wanted = [outcome(chunk * 10 + i, file=name) for i in range(10)]
        while wanted:
            members, flow = bundle(ledger, wanted)
            lost = {c.position for c in ledger.commit_chunk(name, members, [flow])}
            if not lost:
                ledger.move_flow(flow.flow_id, "uploading")
                break
            wanted = [o for o in wanted if o.position not in lost]
"""


def child(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )


def test_killed_again_and_again_every_chunk_is_recorded_once_and_whole(
    ledger: Ledger, ledger_url: str
) -> None:
    start(ledger)
    given: list[str] = []
    for attempt in count():
        assert attempt <= CHUNKS, "no progress"
        with child(RESUMABLE, ledger_url) as process:
            assert process.stdout is not None
            # Killed while it records its first, second, third… chunk: at once, or a little later.
            for line in process.stdout:
                given.append(line.split()[1])
                if attempt < 5 and int(line.split()[0]) >= attempt * 2:
                    os.kill(process.pid, signal.SIGKILL)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        _check_whole(ledger)
    assert attempt == 5
    _check_whole(ledger)
    assert len(set(given)) == len(given), "a flow number was given twice"
    assert len(list(ledger.invoices(run_id=RUN))) == CHUNKS * SIZE
    assert len(ledger.flows(run_id=RUN)) == CHUNKS


def _check_whole(ledger: Ledger) -> None:
    recorded = list(ledger.invoices(run_id=RUN))
    assert {i.state for i in recorded} <= {InvoiceState.BUNDLED}
    assert len({(i.file_sha256, i.first_line) for i in recorded}) == len(recorded)
    members = Counter(i.flow_id for i in recorded)
    for flow in ledger.flows(run_id=RUN):
        assert flow.state in {FlowState.BUILT, FlowState.UPLOADING}
        assert len(ledger.members(flow.flow_id)) == flow.invoices == members.pop(flow.flow_id)
    assert not members
    assert len(ledger.known({i.number or "" for i in recorded})) == len(recorded)
    assert len(ledger.events(run_id=RUN, kind="invoice")) == len(recorded)


def test_several_writers_at_once_never_hold_one_number_twice(
    ledger: Ledger, ledger_url: str
) -> None:
    names = ["north", "south", "west"]
    rivals = [child(RIVAL, ledger_url, name) for name in names]
    for rival in rivals:
        rival.communicate(timeout=60)
    assert [rival.returncode for rival in rivals] == [0, 0, 0]
    numbers: Counter[str] = Counter()
    flow_ids: list[str] = []
    for name in names:
        with Ledger.open(
            ledger_url, environment=Environment.SANDBOX, company=name, emitter="AAA999"
        ) as view:
            numbers.update(i.number or "" for i in view.invoices())
            flow_ids += [flow.flow_id for flow in view.flows()]
    assert len(numbers) == 150
    assert set(numbers.values()) == {1}
    assert len(set(flow_ids)) == len(flow_ids)


def test_two_processes_may_make_the_ledger_at_once(ledger_url: str) -> None:
    program = """
import sys
from config.settings import Environment
from flows.ledger import Ledger
Ledger.open(
    sys.argv[1], environment=Environment.SANDBOX, company="acme", emitter="AAA999"
).close()
"""
    makers = [child(program, ledger_url) for _ in range(3)]
    for maker in makers:
        maker.communicate(timeout=60)
    assert [maker.returncode for maker in makers] == [0, 0, 0]
    with Ledger.open(
        ledger_url,
        environment=Environment.SANDBOX,
        company="acme",
        emitter="AAA999",
        create=False,
    ) as opened:
        assert opened.runs() == []
