"""How flows leave and return flows come back: one small interface, two channels.

``sftp`` talks to Chorus Pro itself; ``folder`` hands the flows to a transfer tool of the firm
(PeSIT, AS2, CFT), which carries them.
"""

from __future__ import annotations

from config.channel_settings import Channel as ChannelSettings
from flows.channels.base import Channel, RemoteEntry

__all__ = ["Channel", "RemoteEntry", "open_channel"]


def open_channel(settings: ChannelSettings) -> Channel:
    """Return the channel of the settings, to be used as a context manager.

    Nothing is connected yet: the first operation does, so that a refusal or a cut is met where
    it can be retried and reported.

    Raises:
        ConfigurationError: the settings of the channel are incomplete, or a key cannot be read.
    """
    if settings.kind == "folder":
        from flows.channels.folder import FolderChannel

        return FolderChannel(settings)
    # Loaded here only: paramiko costs start-up time that the folder channel need not pay.
    from flows.channels.sftp import SftpChannel

    return SftpChannel(settings)
