"""Whether the settings let anything be deposited or fetched now, in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from config.settings import Settings
from flows.ledger import FlowRecord
from transforms.opening import Closed, closed_at


def closed(settings: Settings, now: datetime) -> Closed | None:
    """Return why no deposit may begin now by ``channel.window`` and ``channel.blackouts``."""
    channel = settings.channel
    zone = ZoneInfo(settings.run_date)
    return closed_at(now, channel.window, channel.blackouts, zone)


def why(found: Closed, settings: Settings) -> str:
    """Return the reason in words: ``channel.blackouts (…) until …``."""
    until = found.until.astimezone(ZoneInfo(settings.run_date))
    name = "channel.blackouts" if found.blackout else "channel.window"
    reason = f" ({found.reason})" if found.reason else ""
    return f"{name}{reason} until {until:%Y-%m-%d %H:%M} {settings.run_date} time"


def waiting_words(found: Closed, flows: Collection[FlowRecord], settings: Settings) -> str:
    """Return what to tell of the flows that wait, and of the one that waits longest."""
    zone = ZoneInfo(settings.run_date)
    oldest = min(flow.changed_at for flow in flows).astimezone(zone)
    count = f"{len(flows)} flow waits" if len(flows) == 1 else f"{len(flows)} flows wait"
    return (
        f"{count} in the outbox, the oldest since {oldest:%Y-%m-%d %H:%M}: no deposit by "
        f"{why(found, settings)}. A run after that sends them: chorus-flows run"
    )
