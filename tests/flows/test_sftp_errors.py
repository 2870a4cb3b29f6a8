"""Which SFTP failures are refusals, and which may pass."""

from __future__ import annotations

import errno
import socket

import paramiko
import pytest

from flows.channels.sftp_errors import final_refusal, transport_failure
from flows.errors import TransportError

OURS = paramiko.ECDSAKey.generate()
THEIRS = paramiko.ECDSAKey.generate()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (paramiko.BadHostKeyException("host", THEIRS, OURS), "Nothing was sent"),
        (paramiko.AuthenticationException("Authentication failed."), "refused our key"),
        (paramiko.BadAuthenticationType("Bad type", ["password"]), "refused our key"),
        (paramiko.ssh_exception.IncompatiblePeer("no kex"), "no SSH algorithm"),
        (paramiko.ChannelException(1, "Administratively prohibited"), "no SFTP session"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission denied"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "no such file or folder"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "not UTF-8"),
    ],
)
def test_refusals_say_what_and_where(error: Exception, said: str) -> None:
    refusal = final_refusal(error, place="me@host:22", what="uploading X")
    assert refusal is not None
    assert said in str(refusal)
    assert "me@host:22" in str(refusal)
    assert refusal.next_step


@pytest.mark.parametrize(
    "error",
    [
        EOFError(),
        TimeoutError(),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        socket.gaierror(socket.EAI_AGAIN, "no name"),
        OSError("Failure"),
        OSError("Socket is closed"),
        paramiko.SSHException("Server connection dropped"),
        paramiko.SFTPError("Garbage packet received"),
        paramiko.AuthenticationException("Authentication timeout."),
        paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF"),
    ],
)
def test_what_may_pass_is_no_refusal_and_has_words(error: Exception) -> None:
    assert final_refusal(error, place="me@host:22", what="uploading X") is None
    failure = transport_failure(error, place="me@host:22", what="uploading X")
    assert isinstance(failure, TransportError)
    assert "uploading X: ." not in str(failure)
    assert "me@host:22" in str(failure)


@pytest.mark.parametrize(
    ("error", "said", "to_do"),
    [
        (TimeoutError(), "no answer in time", "chorus-flows doctor"),
        (paramiko.SSHException("Error reading SSH protocol banner"), "no SSH server", "doctor"),
        (EOFError("EOF during negotiation"), "SFTP did not start", "doctor"),
        (paramiko.SSHException("Server connection dropped: "), "dropped the connection.", "doctor"),
        (OSError("Failure"), "says only: Failure.", "disk may be full, or our quota"),
    ],
)
def test_what_may_pass_is_told_in_words(error: Exception, said: str, to_do: str) -> None:
    failure = transport_failure(error, place="me@host:22", what="uploading X")
    assert said in failure.what
    assert to_do in failure.next_step


@pytest.mark.parametrize("text", ["Socket is closed", "Server connection dropped"])
def test_a_dropped_connection_is_not_taken_for_a_full_disk(text: str) -> None:
    failure = transport_failure(OSError(text), place="me@host:22", what="uploading X")
    assert "the server dropped the connection" in str(failure)
