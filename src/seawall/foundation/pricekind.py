"""The seven prices, by name: a rulebook says which of them governs margin, liquidation and ADL."""

from __future__ import annotations

from enum import StrEnum


class PriceKind(StrEnum):
    """Spot, index, oracle and mark are inputs; execution, bankruptcy, liquidation are results."""

    SPOT = "spot"
    INDEX = "index"
    ORACLE = "oracle"
    MARK = "mark"
    EXECUTION = "execution"
    BANKRUPTCY = "bankruptcy"
    LIQUIDATION = "liquidation"
