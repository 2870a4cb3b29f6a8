"""SQLite on a network file system is refused; which one a folder is on is read from the mounts."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from config.ledger_settings import NETWORK_FILE_SYSTEMS
from flows.cli.main import run
from flows.doctor import examine
from flows.errors import ConfigurationError, ExitCode
from flows.file_systems import look_up, mount_of, refuse_network_disk
from tests.support.firm import Firm

MOUNTS = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:50 / /srv/chorus rw,relatime shared:12 master:3 - nfs4 nas:/export/chorus rw,vers=4.2
41 40 8:17 / /srv/chorus/state rw,relatime - xfs /dev/sdb1 rw
42 27 0:51 / /mnt/facturation\040du\040soir rw - cifs //nas/facturation\040du\040soir rw
43 27 0:52 / /mnt/tab\011\134x rw - fuse.sshfs user@host:/x rw
44 27 0:53 / /data rw - nfs nas:/old rw
45 27 8:33 / /data rw - ext4 /dev/sdc1 rw
46 27 0:54 / /deep/er rw - nfs nas:/deep rw
47 27 8:34 / /deep rw - ext4 /dev/sdd1 rw
half a line
48 27 0:60 - nfs
"""


@pytest.mark.parametrize(
    ("folder", "kind", "place"),
    [
        ("/", "ext4", "/"),
        ("/var/lib/chorus", "ext4", "/"),
        ("/srv/chorus", "nfs4", "/srv/chorus"),
        ("/srv/chorus/other", "nfs4", "/srv/chorus"),
        ("/srv/chorus/state/run", "xfs", "/srv/chorus/state"),
        ("/srv/chorus2", "ext4", "/"),
        ("/mnt/facturation du soir/state", "cifs", "/mnt/facturation du soir"),
        ("/mnt/tab\t\\x", "fuse.sshfs", "/mnt/tab\t\\x"),
        ("/data/x", "ext4", "/data"),  # the later mount lies over the earlier one
    ],
)
def test_the_longest_mount_above_a_folder_counts(folder: str, kind: str, place: str) -> None:
    found = mount_of(Path(folder), MOUNTS)
    assert found is not None
    assert (found.kind, str(found.place)) == (kind, place)


def test_the_device_of_the_folder_decides_where_one_mount_hides_another() -> None:
    hidden = mount_of(Path("/deep/er/state"), MOUNTS)
    seen = mount_of(Path("/deep/er/state"), MOUNTS, device="8:34")
    unknown = mount_of(Path("/deep/er/state"), MOUNTS, device="0:99")  # subvolumes have their own
    assert hidden is not None
    assert seen is not None
    assert (hidden.kind, seen.kind) == ("nfs", "ext4")
    assert unknown == hidden


def test_no_mounts_no_answer() -> None:
    assert mount_of(Path("/x"), "") is None


@pytest.mark.parametrize("kind", NETWORK_FILE_SYSTEMS)
def test_every_network_file_system_of_the_table_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"27 1 0:99 / / rw - {kind} nas:/export rw\n")
    file = tmp_path / "state" / "ledger.sqlite"
    with pytest.raises(ConfigurationError, match="ledger_url") as refused:
        refuse_network_disk(file, NETWORK_FILE_SYSTEMS, mounts=mounts)
    assert refused.value.exit_code is ExitCode.USAGE
    assert f"{file} is on {kind} (nas:/export at /)" in str(refused.value)
    refuse_network_disk(file, set(NETWORK_FILE_SYSTEMS) - {kind}, mounts=mounts)


@pytest.mark.parametrize("content", [None, "27 1 0:99 / /elsewhere rw - ext4 /dev/vda rw\n"])
def test_mounts_that_cannot_be_read_are_told_and_the_ledger_is_used(
    tmp_path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    mounts = tmp_path / "mountinfo"
    if content is not None:
        mounts.write_text(content)
    with caplog.at_level(logging.WARNING):
        refuse_network_disk(tmp_path / "ledger.sqlite", ("nfs",), mounts=mounts)
    assert "It cannot be told on which file system" in caplog.text


def test_a_link_is_followed_to_the_disk_it_leads_to() -> None:
    found = look_up(Path("/proc/self/cwd/ledger.sqlite"))
    assert found is not None
    assert found.kind != "proc"
    shared = look_up(Path("/dev/shm/not/there/yet/ledger.sqlite"))
    assert shared is not None
    assert shared.kind == "tmpfs"


def test_a_night_and_the_doctor_refuse_what_the_settings_refuse(tmp_path: Path) -> None:
    mount = look_up(tmp_path / "x")
    assert mount is not None
    firm = Firm(tmp_path, {"": {"sqlite_not_on": [mount.kind]}})
    assert run(["run", "--no-prefect", "--config", str(firm.settings_file)]) is ExitCode.USAGE
    assert not (tmp_path / "state" / "ledger.sqlite").exists()
    (disk,) = (check for check in examine(firm.settings_file) if check.name == "disk")
    assert not disk.ok
    assert mount.kind in disk.told


def test_the_doctor_tells_the_disk(tmp_path: Path) -> None:
    mount = look_up(tmp_path / "x")
    assert mount is not None
    firm = Firm(tmp_path)
    (disk,) = (check for check in examine(firm.settings_file) if check.name == "disk")
    assert (disk.ok, disk.told) == (True, f"{mount.kind} at {mount.place}")
