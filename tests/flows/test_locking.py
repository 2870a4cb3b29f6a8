"""The run lock, between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.errors import ConfigurationError, ExitCode, LockHeldError
from flows.locking import Owner, held, holder, if_free

CHILD = """
import sys
from pathlib import Path
from flows.locking import held
with held(Path(sys.argv[1]), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the run lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    with other_process(tmp_path) as process:
        with pytest.raises(LockHeldError) as refused, held(tmp_path, "run"):
            pass
        assert f"process {process.pid} on {socket.gethostname()} since 20" in str(refused.value)
        assert refused.value.exit_code is ExitCode.UNFINISHED
        owner = holder(tmp_path, "run")
        assert owner is not None
        assert owner.pid == process.pid


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    with other_process(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (tmp_path / "run.lock").read_text() != ""
        assert holder(tmp_path, "run") is None
        with held(tmp_path, "run") as owner:
            assert owner.pid == os.getpid()


def test_the_lock_is_free_after_its_block_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path, "run"):
        raise ZeroDivisionError
    assert holder(tmp_path, "run") is None
    with other_process(tmp_path):
        pass


def test_a_process_does_not_take_its_own_lock_twice(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
    with held(tmp_path, "run", clock=lambda: moment) as owner:
        assert owner == Owner(os.getpid(), socket.gethostname(), "2026-03-02T21:00:00+00:00")
        assert holder(tmp_path, "run") == owner
        with pytest.raises(LockHeldError, match="2026-03-02T21:00"), held(tmp_path, "run"):
            pass
        # The failed attempt did not drop the lock.
        assert _taken_for_others(tmp_path)


def test_run_and_collect_do_not_exclude_each_other(tmp_path: Path) -> None:
    with held(tmp_path, "run"), held(tmp_path, "collect"):
        assert holder(tmp_path, "collect") is not None


def test_the_lock_file_is_its_owners_only(tmp_path: Path) -> None:
    with held(tmp_path, "run"):
        assert stat.S_IMODE((tmp_path / "run.lock").stat().st_mode) == 0o600


def test_no_state_folder_no_lock(tmp_path: Path) -> None:
    assert holder(tmp_path, "run") is None
    with pytest.raises(ConfigurationError, match="state folder"), held(tmp_path / "no", "run"):
        pass


def test_a_lock_file_with_rubbish_in_it_can_be_taken(tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_text("not JSON")
    with held(tmp_path, "run"):
        assert _taken_for_others(tmp_path)


def _taken_for_others(folder: Path) -> bool:
    probe = "import sys; from pathlib import Path; from flows.locking import holder\n"
    probe += "sys.exit(0 if holder(Path(sys.argv[1]), 'run') else 1)"
    told = subprocess.run(
        [sys.executable, "-c", probe, str(folder)], cwd=Path(__file__).parents[2], check=False
    )
    return told.returncode == 0


def test_a_lock_may_be_asked_for_and_done_without(tmp_path: Path) -> None:
    with if_free(lambda: held(tmp_path, "collect"), wait=0) as free:
        assert free
        with if_free(lambda: held(tmp_path, "collect"), wait=0) as second:
            assert not second
        with if_free(lambda: held(tmp_path, "run"), wait=0) as other:
            assert other
    assert holder(tmp_path, "collect") is None


def test_a_disk_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", no_locks)
    with pytest.raises(ConfigurationError, match="No locks available"), held(tmp_path, "run"):
        pass
    monkeypatch.undo()
    with held(tmp_path, "run"):
        pass


def test_machines_with_a_folder_in_common_have_locks_of_their_own(tmp_path: Path) -> None:
    with held(tmp_path, "run", machine="alpha"), held(tmp_path, "run", machine="beta"):
        assert (tmp_path / "run.alpha.lock").exists()
        assert holder(tmp_path, "run", machine="beta") is not None
        assert holder(tmp_path, "run") is None
