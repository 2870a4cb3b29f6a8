"""What proves who is at each end of the SFTP connection: our key, the server's pinned key."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any, NoReturn

import paramiko
from paramiko.hostkeys import InvalidHostKey

from config.channel_settings import Sftp as SftpSettings
from flows.errors import ConfigurationError, LoginRefusedError


def load_key(settings: SftpSettings) -> paramiko.PKey:
    """Return the private key of the settings (ed25519, ecdsa, or rsa used with SHA-2).

    Raises:
        ConfigurationError: host, user or key is not set; the key is unreadable, of another
            kind, or its passphrase is missing or wrong.
    """
    for name in ("host", "user", "key_file", "known_hosts"):
        if not getattr(settings, name):
            raise ConfigurationError(
                f"channel.sftp.{name} is not set.",
                next_step="Fill it in the settings; AIFE gives host and user, see docs/deposit.md.",
            )
    passphrase = None
    if settings.key_passphrase_env:
        passphrase = os.environ.get(settings.key_passphrase_env)
        if passphrase is None:
            raise ConfigurationError(
                f"The environment variable {settings.key_passphrase_env} is not set; it should "
                "hold the passphrase of the SFTP key (channel.sftp.key_passphrase_env)."
            )
    path = settings.key_file
    assert path is not None
    secret: Any = passphrase.encode() if passphrase else None  # stubs say str; bytes it must be
    try:
        return paramiko.PKey.from_path(path, secret)
    # paramiko and cryptography raise all sorts here (TypeError, ValueError, SSHException…): a
    # file that is no key, a public key, a DSA key, a wrong passphrase. None passes by itself.
    except Exception as error:
        raise ConfigurationError(
            f"The SFTP key {path} cannot be read: {error or type(error).__name__}.",
            next_step="Check channel.sftp.key_file, its rights, and key_passphrase_env.",
        ) from error


def check_known_hosts(settings: SftpSettings) -> Path:
    """Return the file of the pinned host keys, known to be readable and not empty.

    Raises:
        ConfigurationError: the file is missing or holds no key.
    """
    path = settings.known_hosts
    assert path is not None  # load_key has checked it
    try:
        keys = paramiko.HostKeys(str(path))
    except (OSError, UnicodeError, paramiko.SSHException, InvalidHostKey) as error:
        raise ConfigurationError(
            f"The known_hosts file {path} cannot be read: {error}.",
            next_step="Check channel.sftp.known_hosts.",
        ) from error
    if not len(keys):
        raise ConfigurationError(
            f"The known_hosts file {path} holds no host key.",
            next_step="Add the line of the server, after comparing its fingerprint with AIFE's.",
        )
    return path


def fingerprint(key: paramiko.PKey) -> str:
    """Return the fingerprint of a key as OpenSSH writes it (``SHA256:…``)."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


class _RefuseUnknownHost(paramiko.RejectPolicy):
    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> NoReturn:
        raise LoginRefusedError(
            f"The server {hostname} is not in known_hosts; it shows the key {key.get_name()} "
            f"{fingerprint(key)}. Nothing was sent.",
            next_step=(
                "Compare the fingerprint with the one AIFE gave, then add to known_hosts: "
                f"{hostname} {key.get_name()} {key.get_base64()}"
            ),
        )


def refuse_unknown_host() -> paramiko.MissingHostKeyPolicy:
    """Return the policy for a server that is not pinned: refuse, and show what it presented."""
    return _RefuseUnknownHost()
