"""Durations as people write them: 90s, 5m, 24h, 7d."""

from __future__ import annotations

import re

from seawall.foundation.errors import InputError

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?([smhd])", re.ASCII)


def seconds(text: str, option: str) -> float:
    """Seconds of a duration such as ``90s``, ``5m``, ``1.5h`` or ``7d``; m is minutes.

    Raises InputError, naming ``option``, for anything else and for zero.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise InputError(
            f"{text!r} is not a duration",
            file=option,
            expected="a number and one of s, m, h, d, such as 90s, 5m, 24h or 7d",
        )
    value = float(match[1]) * UNITS[match[2]]
    if value <= 0.0:
        raise InputError(f"{text!r} is no time at all", file=option, expected="more than zero")
    return value
