"""A process is told from every other one, and known to be over only when that is certain."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from flows.machine import Process, boot_id, has_ended, host_name, this_process


def test_this_process_is_named_and_alive() -> None:
    mine = this_process()
    assert (mine.host, mine.system, mine.pid) == (host_name(), boot_id(), os.getpid())
    assert mine.system == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert mine.started > 0
    assert str(mine) == f"process {os.getpid()} on {host_name()}"
    assert not has_ended(mine)


def test_a_number_given_to_another_process_is_not_the_same_process() -> None:
    mine = this_process()
    assert has_ended(replace(mine, started=mine.started + 1))
    assert not has_ended(replace(mine, started=0))  # not known: nothing is certain


def test_a_process_is_over_when_it_ended_also_before_its_parent_asks() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = replace(this_process(), pid=child.pid, started=0)
        assert not has_ended(process)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(process)  # a zombie
        child.wait()
        assert has_ended(process)


def test_of_another_machine_or_an_earlier_start_nothing_is_certain() -> None:
    gone = 2**22 + 1  # above the largest number that Linux gives
    assert has_ended(Process(host_name(), boot_id(), gone, 1))
    assert not has_ended(Process(host_name(), "another boot", gone, 1))
    assert not has_ended(Process(host_name(), "", gone, 1))
