"""What an SFTP failure means for us: refused for good, or worth another try."""

from __future__ import annotations

import errno

import paramiko

from flows.channels.sftp_login import fingerprint
from flows.errors import ChannelRefusedError, TransportError

#: paramiko reports these as failed authentications; they are cuts.
_CUT_DURING_LOGIN = ("timeout", "transport shut down", "saw EOF")


def is_absent(error: OSError) -> bool:
    """Tell whether the server said that there is no such file."""
    return error.errno == errno.ENOENT


def final_refusal(error: Exception, *, place: str, what: str) -> ChannelRefusedError | None:
    """Return the refusal that an error is, or None when trying again may help.

    Args:
        error: what paramiko raised.
        place: ``user@host:port``.
        what: the operation, for the message.
    """
    if isinstance(error, paramiko.BadHostKeyException):
        return ChannelRefusedError(
            f"The host key of {place} is not the pinned one: it shows {error.key.get_name()} "
            f"{fingerprint(error.key)}, known_hosts says {error.expected_key.get_name()} "
            f"{fingerprint(error.expected_key)}. Nothing was sent.",
            next_step="Ask AIFE whether the key was changed before touching known_hosts.",
        )
    if isinstance(error, paramiko.AuthenticationException):
        if any(sign in str(error) for sign in _CUT_DURING_LOGIN):
            return None
        return ChannelRefusedError(
            f"{place} refused our key: {error}",
            next_step="Check channel.sftp.user and key_file, and that AIFE has the public key.",
        )
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return ChannelRefusedError(
            f"{place} and we have no SSH algorithm in common: {error}",
            next_step="ed25519, ecdsa and rsa with SHA-2 keys are supported; SHA-1 is not.",
        )
    if isinstance(error, paramiko.ChannelException):
        return ChannelRefusedError(
            f"{place} gave no SFTP session: {error}",
            next_step="Ask AIFE whether the account is open for SFTP.",
        )
    if isinstance(error, UnicodeError):
        return ChannelRefusedError(
            f"{place} gave a file name that is not UTF-8 while {what}.",
            next_step="Have that file removed or renamed on the server.",
        )
    if isinstance(error, OSError):
        return _os_refusal(error, place=place, what=what)
    return None


def _os_refusal(error: OSError, *, place: str, what: str) -> ChannelRefusedError | None:
    if error.errno in (errno.EACCES, errno.EPERM):
        reason, advice = "permission denied", "Check the rights of the account on this folder."
    elif is_absent(error):
        reason = "there is no such file or folder"
        advice = "Check channel.in_folder, out_folder and temporary_folder."
    else:
        return None
    return ChannelRefusedError(f"{place} refused {what}: {reason}.", next_step=advice)


def transport_failure(error: Exception, *, place: str, what: str) -> TransportError:
    """Return the retryable error for anything that is no refusal."""
    reason = str(error) or type(error).__name__
    return TransportError(
        f"The connection to {place} failed while {what}: {reason}.",
        next_step="Run again; nothing is sent twice.",
    )
