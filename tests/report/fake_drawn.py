"""Invented blocks that the page draws, as of the mock-up: a SOL long that dies in a fall."""

from __future__ import annotations

import math
from typing import Any

SIDE = 12
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SIGMAS = (-2.326, -1.645, -0.674, 0.0, 0.674, 1.645, 2.326)
MOMENTS = 13


def _hill(peak: int, height: float) -> list[float]:
    return [height * math.exp(-(((n - peak) / 3.0) ** 2)) for n in range(SIDE)]


def _shock(move: float, ratio: float, closed: float, **more: float) -> dict[str, Any]:
    return {
        "shock": move,
        "ratio": ratio,
        "low": None,
        "high": None,
        "draws": 1,
        "below_margin": 0.8 * closed,
        "into_market": closed,
        "backstop": more.get("backstop", 0.0),
        "deleveraged": more.get("deleveraged", 0.0),
    }


def _map_asset(price: float, scale: float, desk: int | None) -> dict[str, Any]:
    own = [0.0] * (2 * SIDE)
    if desk is not None:
        own[desk] = 16.8e6
    return {
        "price": price,
        "crowd": _hill(8, 48e6 * scale) + _hill(4, 35e6 * scale),
        "desk": own,
        "accounts": [30] * (2 * SIDE),
        "below_now": 0.0,
        "held": 1.2e9 * scale,
        "shocks": [
            _shock(-0.2, 1.27, 400e6 * scale, deleveraged=90e6 * scale),
            _shock(-0.15, 1.33, 320e6 * scale),
            _shock(-0.1, 1.34, 230e6 * scale),
            _shock(-0.05, 1.23, 90e6 * scale),
        ],
        "turning": {"falls": {"from": -0.1, "to": -0.15, "why": "deleveraged"}},
    }


def _fan_asset(start: float, volatility: float, liquidation: dict[str, Any] | None) -> Any:
    root = [math.sqrt(n / (MOMENTS - 1)) for n in range(MOMENTS)]
    without = [start * math.exp(-2.0 * volatility * t) for t in root]
    return {
        "venue": "meridian",
        "shows": "market",
        "start": start,
        "quantiles": [[start * math.exp(z * volatility * t) for t in root] for z in SIGMAS],
        "lowest_low": start * math.exp(-2.6 * volatility),
        "lowest_high": start * math.exp(-2.2 * volatility),
        "without_orders": without,
        "liquidation": liquidation,
    }


def fake_drawn() -> dict[str, Any]:
    """`liquidation_map`, `pnl_grid` and `fan` of a result with one desk, harbour."""
    spot = [-0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3]
    volatility = [-0.3, -0.15, 0.0, 0.3, 0.6]
    dead = [["harbour/perp-main"] if move <= -0.2 else [] for move in spot]
    line = {
        "account": "harbour/perp-main",
        "instrument": "SOL-PERP",
        "side": "long",
        "probability": 0.0161,
        "price": 104.31,
    }
    return {
        "liquidation_map": {
            "moves": [round((n - SIDE) * 0.025, 6) for n in range(2 * SIDE + 1)],
            "focus": "SOL",
            "assets": {"SOL": _map_asset(118.4, 1.0, 7), "BTC": _map_asset(84_000.0, 3.0, None)},
        },
        "pnl_grid": {
            "assets": ["BTC", "ETH", "SOL"],
            "spot": spot,
            "volatility": volatility,
            "desks": [
                {
                    "owner": "harbour",
                    "change": [[3e7 * move - 4e5 * v for move in spot] for v in volatility],
                    "below_margin": [dead for _ in volatility],
                }
            ],
        },
        "fan": {
            "times_seconds": [7_200.0 * n for n in range(MOMENTS)],
            "levels": list(LEVELS),
            "paths": 10_000,
            "tail_paths": 100,
            "focus": "SOL",
            "assets": {
                "SOL": _fan_asset(118.4, 0.05, line),
                "BTC": _fan_asset(84_000.0, 0.035, None),
            },
            "liquidated": [[1e6 * k * n for n in range(MOMENTS)] for k in range(len(LEVELS))],
        },
    }
