"""The outbox: flow files appear in it whole and on disk, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from flows.crashpoints import CrashPoint, reach
from transforms.bundle import BundleDigest, Member, write_bundle


def write_flow(
    path: Path, members: Iterable[Member], *, gzip_level: int, stylesheet: Member | None
) -> BundleDigest:
    """Write a flow file (mode 0600), fsynced with its folder, and return its digest."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        digest = write_bundle(stream, members, gzip_level=gzip_level, stylesheet=stylesheet)
        reach(CrashPoint.RENDER)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest
