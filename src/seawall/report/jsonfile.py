"""The answer as JSON: the same result gives the same text, byte for byte."""

from __future__ import annotations

from seawall.foundation.json_text import dumps

__all__ = ["dumps"]
