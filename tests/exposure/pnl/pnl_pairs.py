"""Two Cases in memory, the later one made from the earlier by an honest ledger of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tiny_cases import AS_OF, QUOTE, Held, Trader, cash_asset, coin, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.exposure.pnl.fills import Fill
from seawall.exposure.pnl.two_cases import explain_cases
from seawall.instruments import Future, Option, Perpetual, Spot, Staked
from seawall.market import AssetState, InstrumentState, StakedState

DAY = timedelta(days=1)
EXPIRY = AS_OF + timedelta(days=100)
ITEMS = (
    Perpetual("BTC-PERP", "BTC", QUOTE),
    Perpetual("BTC-INV", "BTC", "BTC"),
    Perpetual("ETH-QUANTO", "ETH", "BTC", multiplier=1e-6),
    Future("BTC-FUT", "BTC", QUOTE, EXPIRY),
    Option("BTC-P", "BTC", QUOTE, EXPIRY, 90.0, False),
    Option("BTC-C", "BTC", "BTC", EXPIRY, 110.0, True),
    *(Option(f"BTC-C{k}", "BTC", QUOTE, EXPIRY, float(k), True) for k in range(80, 130, 10)),
    Spot(QUOTE),
    Spot("BTC"),
    Spot("ETH"),
    Staked("stETH", "ETH"),
)
STATES = {
    "BTC-PERP": InstrumentState(mark=100.0),
    "BTC-FUT": InstrumentState(mark=102.0),
    **{
        item.name: InstrumentState(mark=102.0, implied_volatility=0.5)
        for item in ITEMS
        if isinstance(item, Option)
    },
}
SHARES = {"stETH": StakedState(1.1)}


def case_of(
    traders: Sequence[Trader],
    *,
    prices: Mapping[str, float] | None = None,
    states: Mapping[str, InstrumentState] | None = None,
    shares: Mapping[str, StakedState] = SHARES,
    as_of: datetime = AS_OF,
) -> Case:
    """A Case with BTC at 100, ETH at 10, stETH at 11 unless told; a desk called "a" as given."""
    spot = {"BTC": 100.0, "ETH": 10.0, "stETH": 11.0, **(prices or {})}
    assets: dict[str, AssetState] = {name: coin(price) for name, price in spot.items()}
    venue = perpetuals_venue()
    case = tiny_case(traders, ITEMS, {"v": venue}, assets, states={**STATES, **(states or {})})
    market = replace(case.market, as_of=as_of, shares=dict(shares))
    market = replace(market, assets={QUOTE: cash_asset(), **market.assets})
    return replace(case, as_of=as_of, market=market)


def desk(positions: Sequence[Held] = (), owner: str = "a", **balances: float) -> Trader:
    """One account of a desk."""
    return Trader("v", positions, dict(balances), owner)


def parts_of(before: Case, after: Case, fills: Sequence[Fill] | None = None):
    """(desk "a" of the answer, {part: amount} of all that is not zero by revaluation)."""
    row = explain_cases(before, after, fills)["desks"][0]
    parts = {**row["revalued"], **row["flows"]}
    for key in ("unexplained_trade", "unexplained_cash"):
        parts[key] = row["unexplained"][key]
    return row, {name: value for name, value in parts.items() if abs(value) > 1e-9}
