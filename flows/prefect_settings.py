"""Prefect's own settings for this product; imported before Prefect, which reads them at import.

No telemetry, and time enough for a first start on a slow disk. What the environment says wins.
"""

from __future__ import annotations

import os

for _name, _value in (
    ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
    ("DO_NOT_TRACK", "1"),
    ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120"),
):
    os.environ.setdefault(_name, _value)
