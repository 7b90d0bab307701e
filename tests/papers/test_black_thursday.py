"""12 March 2020, Maker: the shape of auctions won for nothing while keepers were priced out.

Published: 36% of the day's liquidations were won at zero bid, 8.32 million dollars were lost, 5.67
million DAI stayed uncovered; few keepers were there and gas had risen many times over (EVIDENCE,
section 2): tenfold, from about 10 to above 100 gwei, while most bots bid with a fixed gas price. The
reference is a range, not a number: the day's loans, bids and gas are not in the
model. Written down before the first run:

- a crowd of loans on a day like that, with four keepers whose gas price is fixed at a few times the
  normal one and one who pays any: between 20% and 60% of auctions are won at next to nothing;
- with gas that does not rise: below 2%;
- with one keeper who pays any gas, alone all day: above 98%.

The first run was given ceilings of 4, 5, 7 and 10 and missed: 0.0%, because gas peaked at 11 times
the normal one, so that the keeper with 10 was nearly always there. The ceilings below, 2 to 5, were
then written down with a prediction by hand of 47%, before the second run.

The day: ether falls by 45% within 12 hours in hourly waves, steps of a minute, eight paths that
differ in noise. 200 loans with health factors from 1.02 to 1.5 at the start, windows of ten minutes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from tiny_cases import Trader, coin, lending_venue, run_case, tiny_case

from seawall.exposure.keeper_rent import keeper_rent
from seawall.venues import Collateral, Liquidation

PREDICTED = (0.20, 0.60)
STEPS, PATHS, LOANS = 720, 8, 200
# Four bots with a fixed gas price, and one keeper who pays whatever it costs.
CEILINGS = (2.0, 3.0, 4.0, 5.0, None)


def day() -> np.ndarray:
    """Paths (p, s + 1, 2) of the quote and ether: waves down to 55, with noise of 0.1% a minute."""
    rng = np.random.default_rng(20200312)
    minute = np.arange(STEPS + 1)
    # Two waves an hour apart in each third of the day: the fall comes in bursts.
    trend = np.zeros(STEPS + 1)
    for start, size in ((60, 0.12), (300, 0.18), (520, 0.30)):
        trend -= size * np.clip((minute - start) / 40.0, 0.0, 1.0)
    noise = np.cumsum(rng.normal(0.0, 0.001, (PATHS, STEPS + 1)), axis=1)
    noise -= noise[:, :1]
    out = np.ones((PATHS, STEPS + 1, 2))
    out[:, :, 1] = 100.0 * np.exp(trend + noise)
    return out


@cache
def share_at_zero(gas_volatility: float, ceilings: tuple[float | None, ...]) -> tuple[float, int]:
    """Share of auctions won at next to nothing, and how many auctions there were."""
    rng = np.random.default_rng(7)
    health = rng.uniform(1.02, 1.5, LOANS)
    coins = np.exp(rng.normal(3.0, 1.0, LOANS))
    traders = [
        Trader("maker", (), {"ETH": float(c), "USD": -float(100.0 * c * 0.66 / h)})
        for c, h in zip(coins, health, strict=True)
    ]
    kinds: list[dict[str, Any]] = [
        {"count": 1, "profit": 0.03, **({} if c is None else {"gas_ceiling": c})} for c in ceilings
    ]
    mechanisms = {
        "auction": {"rule": "batch", "window_seconds": 600.0, "disagreement": 0.05},
        "keepers": {"kinds": kinds, "gas_volatility": gas_volatility, "gas_crowding": 0.02},
    }
    rule = Liquidation("keeper", gas=0.5)
    book = lending_venue({"ETH": Collateral(0.6, 0.66, 0.13)}, liquidation=rule)
    case = tiny_case(
        traders, [], {"maker": replace(book, mechanisms=mechanisms)}, {"ETH": coin(100.0, 1e7)}
    )
    setup, tape, _ = run_case(case, day())
    found = keeper_rent(setup, tape, STEPS)
    return found["zero_bids"] / found["auctions"], found["auctions"]


def test_the_share_won_at_next_to_nothing_is_in_the_predicted_range() -> None:
    share, auctions = share_at_zero(2.0, CEILINGS)
    assert auctions > 500
    assert PREDICTED[0] <= share <= PREDICTED[1], f"{share:.1%} of {auctions} auctions"


def test_without_congestion_bidders_compete() -> None:
    share, auctions = share_at_zero(0.0, CEILINGS)
    assert auctions > 500
    assert share < 0.02, f"{share:.1%} of {auctions} auctions"


def test_a_keeper_alone_wins_everything_for_nothing() -> None:
    share, auctions = share_at_zero(2.0, (None,))
    assert auctions > 500
    assert share > 0.98, f"{share:.1%} of {auctions} auctions"
