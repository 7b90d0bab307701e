"""Small desks whose tails can be worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tiny_cases import AS_OF, INFINITE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.market import PriceHistory
from seawall.venues import Tier

DAY = 86_400.0
# No tier lets this margin be called: nobody is liquidated.
FREE = (Tier(0.0, 1_000.0, 1e-9),)


def linear_case(
    size: float = 1.0,
    *,
    volatility: float = 0.6,
    depth: float = INFINITE,
    step_seconds: float = DAY,
    inverse: bool = False,
    **more: object,
) -> Case:
    """A desk with ``size`` of one perpetual at 100, and cash that outlasts any loss."""
    cash = {"BTC": 1e4} if inverse else {"USD": 1e4}
    name = "BTC-PERP"
    return tiny_case(
        [
            Trader("v", [Held(name, size, 100.0)], cash, owner="me"),
            Trader("v", [Held(name, -size, 100.0)], cash),
        ],
        [perpetual(name, "BTC", inverse=inverse)],
        {"v": perpetuals_venue(tiers=FREE)},
        {"BTC": coin(100.0, depth=depth, volatility=volatility, **more)},
        step_seconds=step_seconds,
    )


def with_history(case: Case, **prices: list[float]) -> Case:
    """The Case with daily prices of the past, the last at its own time."""
    count = len(next(iter(prices.values())))
    last = round(AS_OF.timestamp())
    history = PriceHistory(
        last - 86_400 * np.arange(count - 1, -1, -1),
        tuple(prices),
        np.column_stack([np.array(column, dtype=float) for column in prices.values()]),
    )
    market = replace(case.market, histories={"days.csv": history}, history="days.csv")
    return replace(case, market=market)


def row(result: dict, method: str, desk: int = 0) -> dict:
    """The row of one method."""
    return next(r for r in result["tail"]["desks"][desk]["rows"] if r["method"] == method)
