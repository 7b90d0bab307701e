"""Floor 2: the venues' rules, as data."""

from seawall.venues.rulebook import (
    Collateral,
    Feed,
    Liquidation,
    OptionMargin,
    PerpMargin,
    Rulebook,
    Tier,
    Waterfall,
)

__all__ = [
    "Collateral",
    "Feed",
    "Liquidation",
    "OptionMargin",
    "PerpMargin",
    "Rulebook",
    "Tier",
    "Waterfall",
]
