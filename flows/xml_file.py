"""Read an XML file that somebody else wrote: a regular file, of bounded size, and nothing else."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from transforms.finding import Finding, Severity

_KINDS = (
    (stat.S_ISDIR, "un dossier", "a directory"),
    (stat.S_ISFIFO, "un tube nommé", "a named pipe"),
    (stat.S_ISSOCK, "une socket", "a socket"),
    (stat.S_ISCHR, "un périphérique", "a device"),
    (stat.S_ISBLK, "un périphérique", "a device"),
)

#: Why a file is often not read, in French; the system's own words otherwise.
_REASONS = {
    errno.ENOENT: "aucun fichier de ce nom",
    errno.EACCES: "la lecture n'est pas permise",
    errno.ELOOP: "boucle de liens symboliques",
    errno.ENAMETOOLONG: "nom trop long",
}


def read_xml_file(path: Path, *, limit: int) -> bytes | Finding:
    """Return the bytes of ``path``, or why they are not read: XI-READ-01, XI-KIND-01, XI-SIZE-01.

    Never reads more than ``limit`` bytes, and never opens what is no regular file.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kinds = ((fr, en) for is_kind, fr, en in _KINDS if is_kind(found.st_mode))
            kind_fr, kind_en = next(kinds, ("autre chose", "something else"))
            params = {"kind_fr": kind_fr, "kind_en": kind_en}
            return Finding("XI-KIND-01", Severity.ERROR, params=params)
        if found.st_size > limit:
            return _too_large(limit)
        with path.open("rb") as stream:
            content = stream.read(found.st_size + 1)  # one more: it may be growing
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        number = error.errno if isinstance(error, OSError) else None
        reason_fr = _REASONS.get(number or 0, reason)
        params = {"reason": reason, "reason_fr": reason_fr}
        return Finding("XI-READ-01", Severity.ERROR, params=params)
    return _too_large(limit) if len(content) > limit else content


def _too_large(limit: int) -> Finding:
    return Finding("XI-SIZE-01", Severity.FATAL, params={"limit": str(limit)})
