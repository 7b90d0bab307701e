"""Shapes of the blocks that the page draws, for the contract of `seawall check`."""

from __future__ import annotations

import math
from typing import Any


def amount(value: Any) -> bool:
    return isinstance(value, float | int) and math.isfinite(value) and value >= 0.0


def move(value: Any) -> bool:
    return isinstance(value, float) and -1.0 < value <= 1.0


def known(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def perhaps(value: Any) -> bool:
    return value is None or known(value)


def words(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def turning(value: Any) -> bool:
    reasons = ("backstop", "deleveraged", "exhausted", "impact")
    return set(value) <= {"falls", "rises"} and all(t["why"] in reasons for t in value.values())


def line(value: Any) -> bool:
    keys = {"account", "instrument", "side", "probability", "price"}
    return value is None or set(value) == keys


MAP_ASSET = {
    "price": amount,
    "crowd": [amount],
    "desk": [amount],
    "accounts": [amount],
    "below_now": amount,
    "held": amount,
    "shocks": [
        {
            "shock": move,
            "ratio": known,
            "low": perhaps,
            "high": perhaps,
            "draws": amount,
            "below_margin": amount,
            "into_market": amount,
            "backstop": amount,
            "deleveraged": amount,
        }
    ],
    "turning": turning,
}
GRID = {
    "assets": [words],
    "spot": [move],
    "volatility": [move],
    "desks": [{"owner": words, "change": [[known]], "below_margin": [[[words]]]}],
}
FAN_ASSET = {
    "venue": words,
    "shows": lambda value: value in ("market", "feed"),
    "start": amount,
    "quantiles": [[amount]],
    "lowest_low": perhaps,
    "lowest_high": perhaps,
    "without_orders": lambda value: value is None or all(map(amount, value)),
    "liquidation": line,
}
