"""Margin accounts written in one line for the tests of margin frameworks."""

from __future__ import annotations

import numpy as np

from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps, SpotPrice

YEAR = 365.0 * 86_400.0
DAY = 86_400.0


def options(*rows: dict) -> Options:
    """Options from rows; what a row leaves out: an ETH call, one year, forward 1,000, certain."""

    def column(name: str, default: float) -> np.ndarray:
        return np.array([row.get(name, default) for row in rows], dtype=float)

    return Options(
        names=tuple(row.get("name", f"option {n}") for n, row in enumerate(rows)),
        underlying=tuple(row.get("underlying", "ETH") for row in rows),
        expiry=tuple(row.get("expiry", "the expiry") for row in rows),
        seconds=column("seconds", YEAR),
        strike=column("strike", 1000.0),
        call=np.array([row.get("call", True) for row in rows], dtype=bool),
        amount=column("amount", 1.0),
        forward=column("forward", 1000.0),
        forward_confidence=column("forward_confidence", 1.0),
        volatility=column("volatility", 0.0),
        volatility_confidence=column("volatility_confidence", 1.0),
        rate=column("rate", 0.0),
        rate_confidence=column("rate_confidence", 1.0),
        inverse=np.array([row.get("inverse", False) for row in rows], dtype=bool),
    )


def perps(*rows: dict) -> Perps:
    """Perpetuals from rows; what a row leaves out: ETH-PERP at 1,000, no profit, certain."""

    def column(name: str, default: float) -> np.ndarray:
        return np.array([row.get(name, default) for row in rows], dtype=float)

    return Perps(
        names=tuple(row.get("name", "ETH-PERP") for row in rows),
        underlying=tuple(row.get("underlying", "ETH") for row in rows),
        size=column("size", 1.0),
        entry=column("entry", 1000.0),
        mark=column("mark", 1000.0),
        confidence=column("confidence", 1.0),
        accrued=column("accrued", 0.0),
        inverse=np.array([row.get("inverse", False) for row in rows], dtype=bool),
        seconds=np.full(len(rows), np.inf),
    )


def priced_perps(*rows: tuple[str, float, float, float]) -> Perps:
    """Perpetuals from (underlying, size, entry, price), named after their underlying."""
    return perps(
        *(
            {"name": f"{coin}-PERP", "underlying": coin, "size": size, "entry": entry, "mark": mark}
            for coin, size, entry, mark in rows
        )
    )


def coins(*rows: tuple[str, float, float, float]) -> Balances:
    """Balances from (asset, quantity, price, confidence)."""
    return Balances(
        tuple(row[0] for row in rows),
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[2] for row in rows], dtype=float),
        np.array([row[3] for row in rows], dtype=float),
    )


def account(
    cash: float = 0.0,
    stable: float = 1.0,
    spot: float = 1000.0,
    confidence: float = 1.0,
    perps: Perps | None = None,
    options: Options | None = None,
    balances: Balances | None = None,
    settle: str = "USDC",
    prices: dict[str, SpotPrice] | None = None,
) -> MarginAccount:
    """An account on ETH at a spot of 1,000."""
    return MarginAccount(
        name="desk",
        settle=settle,
        cash=cash,
        spot=prices or {"ETH": SpotPrice(spot, confidence)},
        settle_price=stable,
        perps=perps or Perps(),
        options=options or Options(),
        balances=balances or Balances(),
    )


def random_account(seed: int, collateral: tuple[str, ...] = ("ETH",)) -> MarginAccount:
    """An ETH account at random: expiries of minutes to two years, low confidences, a depeg."""
    draw = np.random.default_rng(seed)

    def sure() -> float:
        return float(draw.choice([1.0, draw.uniform(0.0, 1.0)]))

    spot = float(draw.uniform(500, 3000))
    rows = []
    for expiry in range(draw.integers(0, 4)):
        seconds = float(draw.choice([0, 600, 5 * DAY / 8, 12 * DAY, 30 * DAY, 200 * DAY, 2 * YEAR]))
        shared = {
            "expiry": str(expiry),
            "seconds": seconds,
            "forward": spot * float(draw.uniform(0.9, 1.1)),
            "rate": float(draw.uniform(-0.05, 0.2)),
            "forward_confidence": sure(),
            "rate_confidence": sure(),
        }
        for n in range(draw.integers(1, 6)):
            strike = round(spot * float(draw.choice([0.7, 0.9, 1.0, 1.2])))
            rows.append(
                {
                    **shared,
                    "strike": strike + n % 2,
                    "call": bool(draw.integers(2)),
                    "amount": float(draw.normal(0, 10)),
                    "volatility": float(draw.choice([0.0, draw.uniform(0.05, 2.0)])),
                    "volatility_confidence": sure(),
                }
            )
    held = []
    if draw.integers(2):
        mark = spot * float(draw.uniform(0.95, 1.05))
        trade = {"mark": mark, "confidence": sure()}
        size = float(draw.normal(0, 5))
        held = [{**trade, "size": size, "entry": spot}, {**trade, "size": 0.0, "accrued": -7.5}]
    owned = [
        (asset, float(draw.uniform(0, 10)), spot * float(draw.uniform(0.9, 1.2)), sure())
        for asset in collateral
        if draw.integers(2)
    ]
    return account(
        cash=float(draw.normal(0, 5000)),
        stable=float(draw.choice([1.0, 0.9])),
        spot=spot,
        confidence=sure(),
        perps=perps(*held),
        options=options(*_distinct(rows)),
        balances=coins(*owned),
    )


def _distinct(rows: list[dict]) -> list[dict]:
    """The first row of each contract."""
    seen = {(row["expiry"], row["strike"], row["call"]): row for row in reversed(rows)}
    return list(seen.values())
