"""The demo: a large supplier's nights against Chorus Pro in miniature, on extracts that ship."""

from __future__ import annotations

from flows.demo.play import play

__all__ = ["play"]
