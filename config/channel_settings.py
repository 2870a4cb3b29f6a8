"""Settings of the way to the other side: SFTP or a folder, names there, hours of deposit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.opening import Blackout, Window
from config.section import Section


class Sftp(Section):
    """The SFTP side of Chorus Pro; host, folders and temporary names are given by AIFE."""

    host: str = ""
    """Given by AIFE."""
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    """TCP port; given by AIFE."""
    user: str = ""
    """Given by AIFE."""
    key_file: Path | None = None
    """Private key (ed25519, ecdsa or rsa with SHA-2)."""
    key_passphrase_env: str = ""
    """Environment variable that holds the passphrase of the key."""
    known_hosts: Path | None = None
    """OpenSSH known_hosts file with the pinned host key; an unknown host is refused."""
    connect_timeout: Annotated[float, Field(gt=0)] = 30
    """Seconds, each for connection, banner, authentication and channel opening."""
    operation_timeout: Annotated[float, Field(gt=0)] = 60
    """Seconds of silence after which an operation is given up."""
    keepalive: Annotated[int, Field(ge=0)] = 15
    """Seconds between keepalives; 0 switches them off."""


class Channel(Section):
    """How flows leave and reports come back."""

    kind: Literal["sftp", "folder"] = "sftp"
    """``sftp``: Chorus Pro itself; ``folder``: the firm's own tool (PeSIT, AS2, CFT) carries."""
    in_folder: str = "in"
    """Folder where flows are dropped (Chorus Pro's word: ``in``)."""
    out_folder: str = "out"
    """Folder where return flows are fetched (Chorus Pro's word: ``out``)."""
    temporary: Literal["suffix", "folder", "none"] = "suffix"
    """How an unfinished upload is hidden. Unsure: ask AIFE which one its gateway ignores."""
    temporary_suffix: str = ".tmp"
    """Ending of a temporary name."""
    temporary_folder: str = "tmp"
    """Folder of temporary names, beside ``in_folder`` on the same file system."""
    temporary_ignored: bool = True
    """Whether the server never takes a temporary name; if not, a cut upload is in doubt."""
    root: Path | None = None
    """Base folder of the ``folder`` channel."""
    retries: Annotated[int, Field(ge=0)] = 3
    """How often a flow is tried again after a failure that may pass."""
    retry_wait: Annotated[float, Field(ge=0)] = 5
    """Seconds before the first retry; doubled each time."""
    retry_wait_max: Annotated[float, Field(ge=0)] = 300
    """Longest wait before a retry, in seconds."""
    deadline: Annotated[int, Field(ge=1)] = 4 * 3600
    """Seconds for the whole deposit of a run, waits included; what is under way then may last up
    to its own time-out (``sftp.operation_timeout``) longer."""
    blackouts: tuple[Blackout, ...] = ()
    """Periods without deposits: ``[[channel.blackouts]]`` with ``begins``, ``ends``, ``reason`` and
    ``collect`` (``false``: no fetching either), for instance a closing that AIFE announced."""
    window: Window = Window()
    sftp: Sftp = Sftp()
