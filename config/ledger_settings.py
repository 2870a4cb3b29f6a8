"""Settings of the ledger's locks, and of the disks it may be on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from config.section import Section

#: Network file systems and shares of a host machine. Source: sqlite.org, "Write-Ahead Logging"
#: ("does not work over a network filesystem"); names as the Linux kernel and FUSE give them.
NETWORK_FILE_SYSTEMS = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "coda",
    "9p",
    "virtiofs",
    "vboxsf",
    "fuse.vmhgfs-fuse",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.ceph",
    "fuse.ceph-fuse",
    "fuse.s3fs",
    "fuse.rclone",
    "fuse.davfs",
    "fuse.curlftpfs",
    "fuse.juicefs",
    "fuse.moosefs",
    "fuse.mfs",
    "glusterfs",
    "ceph",
    "lustre",
    "beegfs",
    "gpfs",
    "pvfs2",
    "orangefs",
    "gfs2",
    "ocfs2",
)


class Locks(Section):
    """The locks in the ledger: one machine at a time deposits for an emitter, one collects."""

    heartbeat_seconds: Annotated[float, Field(gt=0)] = 30
    """Seconds between the signs of life of whoever holds a lock."""
    stale_after_seconds: Annotated[float, Field(gt=0)] = 600
    """Seconds without a sign of life after which another machine may take a lock over; at least
    three heartbeats, and more than the 60 seconds for which an NFS client may trust its cache."""

    @model_validator(mode="after")
    def _several_heartbeats(self) -> Locks:
        if self.stale_after_seconds < 3 * self.heartbeat_seconds:
            msg = "locks.stale_after_seconds must be at least three times locks.heartbeat_seconds"
            raise ValueError(msg)
        return self
