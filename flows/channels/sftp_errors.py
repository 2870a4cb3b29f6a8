"""What an SFTP failure means for us: refused for good, or worth another try."""

from __future__ import annotations

import errno

import paramiko

from flows.channels.sftp_login import fingerprint
from flows.errors import ChannelRefusedError, LoginRefusedError, TransportError

#: paramiko reports these as failed authentications; they are cuts.
_CUT_DURING_LOGIN = ("timeout", "transport shut down", "saw EOF")
#: What paramiko's channel says when it is used after the other side closed it.
_CLOSED = "Socket is closed"
#: What paramiko says, and what it means to whoever reads it.
_WORDS = (
    ("Error reading SSH protocol banner", "no SSH server answered in time"),
    # The same, when the time of the whole login runs out before that of the banner.
    ("No existing session", "no SSH server answered in time"),
    ("EOF during negotiation", "SFTP did not start within channel.sftp.connect_timeout"),
    ("Server connection dropped", "the server dropped the connection"),
    (_CLOSED, "the server dropped the connection"),
)


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
        return LoginRefusedError(
            f"The host key of {place} is not the pinned one: it shows {error.key.get_name()} "
            f"{fingerprint(error.key)}, known_hosts says {error.expected_key.get_name()} "
            f"{fingerprint(error.expected_key)}. Nothing was sent.",
            next_step="Ask AIFE whether the key was changed before touching known_hosts.",
        )
    if isinstance(error, paramiko.AuthenticationException):
        if any(sign in str(error) for sign in _CUT_DURING_LOGIN):
            return None
        return LoginRefusedError(
            f"{place} refused our key: {str(error).rstrip('.')}. It is not tried again by this "
            "run: repeated refusals may lock the account.",
            next_step="Check channel.sftp.user and key_file, and that AIFE has the public key, "
            "then: chorus-flows doctor",
        )
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return ChannelRefusedError(
            f"{place} and we have no SSH algorithm in common: {error}",
            next_step="ed25519, ecdsa and rsa with SHA-2 keys are supported; SHA-1 is not.",
        )
    if isinstance(error, paramiko.ChannelException):
        return ChannelRefusedError(
            f"{place} gave no SFTP session: {error.text}.",
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
    reason = _reason(error)
    if type(error) is OSError and error.errno is None and str(error) != _CLOSED:
        # SFTP v3 has one code, "Failure", for a full disk, a quota and whatever else it does not
        # name; paramiko gives it no errno. The connection itself is well.
        return TransportError(
            f"{place} failed in {what} and says only: {reason}.",
            next_step="Its disk may be full, or our quota. If it lasts, tell AIFE. Then run again: "
            "chorus-flows run; nothing is sent twice.",
        )
    return TransportError(
        f"The connection to {place} failed while {what}: {reason}.",
        next_step="Run again: chorus-flows run; nothing is sent twice. If it lasts: "
        "chorus-flows doctor",
    )


def _reason(error: Exception) -> str:
    """Return why it failed, without a full stop."""
    if isinstance(error, TimeoutError):
        return "no answer in time (channel.sftp.connect_timeout, operation_timeout)"
    said = str(error).removeprefix("[Errno None] ") or type(error).__name__
    return next((words for sign, words in _WORDS if sign in said), said).rstrip(".: ")
