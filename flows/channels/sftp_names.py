"""Names of files that a server lists, whatever bytes they hold.

paramiko reads them as UTF-8 and fails on the first that is none: one such file in ``out``, of
whoever else uses the account, would keep every report from being fetched.
"""

from __future__ import annotations

from typing import Any

import paramiko
from paramiko.sftp import CMD_NAME

#: How a client asks and waits for the answer; not in the types of paramiko.
_ASK: Any = vars(paramiko.SFTPClient)["_request"]


class _Names(paramiko.Message):
    """An answer whose texts are names; bytes that are no UTF-8 become lone surrogates."""

    def get_text(self) -> str:
        """Return the next text of the answer."""
        return self.get_string().decode("utf-8", "surrogateescape")


class NamedClient(paramiko.SFTPClient):
    """A client that lists names which are no UTF-8; ``is_plain_name`` then refuses them."""

    def _request(self, kind: Any, *arguments: Any) -> Any:
        answer, message = _ASK(self, kind, *arguments)
        if answer == CMD_NAME:
            message.__class__ = _Names
        return answer, message
