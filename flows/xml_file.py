"""Read an XML file that somebody else wrote: a regular file, of bounded size, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

from transforms.finding import Finding, Severity

_KINDS = (
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "named pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


def read_xml_file(path: Path, *, limit: int) -> bytes | Finding:
    """Return the bytes of ``path``, or why they are not read: XI-READ-01, XI-KIND-01, XI-SIZE-01.

    Never reads more than ``limit`` bytes, and never opens what is no regular file.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "unknown")
            return Finding("XI-KIND-01", Severity.ERROR, value=kind)
        if found.st_size > limit:
            return _too_large(limit)
        with path.open("rb") as stream:
            content = stream.read(found.st_size + 1)  # one more: it may be growing
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Finding("XI-READ-01", Severity.ERROR, params={"reason": reason})
    return _too_large(limit) if len(content) > limit else content


def _too_large(limit: int) -> Finding:
    return Finding("XI-SIZE-01", Severity.FATAL, params={"limit": str(limit)})
