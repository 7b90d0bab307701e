"""12 March 2020, Maker: the shape of auctions won for nothing while keepers were priced out.

Published: 36% of the day's liquidations were won at zero bid, 8.32 million dollars were lost, 5.67
million DAI stayed uncovered (EVIDENCE, section 2). Gas rose tenfold, from about 10 to above 100
gwei, while most bots bid with a fixed gas price. The reference is a range, not a number: the day's
loans, bids and gas are not in the model. Written down before the first run:

- a crowd of loans on a day like that, with four keepers whose gas price is fixed and one who pays
  any: between 20% and 60% of auctions are won at next to nothing;
- with gas that does not rise: below 2%;
- with one keeper who pays any gas, alone all day: above 98%.

The first two runs missed on either side. Ceilings of 4, 5, 7 and 10 times the normal gas gave 0.0%:
gas peaked at 11, so the keeper with 10 was nearly always there. Ceilings of 2, 3, 4 and 5 gave
71.9% against 47% by hand. So the share hangs on how high the best fixed bid was, which nobody
published: the third run draws all four log-uniformly from 2 to 10, six times, and takes the mean.
Predicted before it: 20% to 60%, by hand 30%, and a spread over the draws from below 10% to above
50%. It gave 35.8%, from 0% to 71.5%.

The day: ether falls by 45% within 12 hours in three waves, steps of a minute, three paths that
differ in noise. 200 loans, health factors from 1.02 to 1.5 at the start, windows of ten minutes.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from tiny_cases import Trader, coin, lending_venue, run_case, tiny_case

from seawall.exposure.keeper_rent import keeper_money, keeper_rent
from seawall.venues import Collateral, Liquidation

PREDICTED = (0.20, 0.60)
STEPS, PATHS, LOANS = 720, 3, 200
DRAWS = 6


def ceilings() -> list[tuple[float | None, ...]]:
    """Four bots with a fixed gas price, and one keeper who pays whatever it costs, drawn anew."""
    rng = np.random.default_rng(312)
    return [(*np.exp(rng.uniform(np.log(2.0), np.log(10.0), 4)), None) for _ in range(DRAWS)]


def day() -> np.ndarray:
    """Paths (p, s + 1, 2) of the quote and ether: down to 55, with noise of 0.1% a minute."""
    rng = np.random.default_rng(20200312)
    minute = np.arange(STEPS + 1)
    # The fall comes in three bursts of forty minutes.
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
    found = keeper_rent(keeper_money(setup, tape, STEPS))
    return found["zero_bids"] / found["auctions"], found["auctions"]


@pytest.mark.slow
def test_the_share_won_at_next_to_nothing_is_in_the_predicted_range() -> None:
    found = [share_at_zero(2.0, drawn) for drawn in ceilings()]
    shares = np.array([share for share, _ in found])
    assert all(auctions > 500 for _, auctions in found)
    assert PREDICTED[0] <= shares.mean() <= PREDICTED[1], f"{shares}"
    assert shares.min() < 0.1 and shares.max() > 0.5, f"{shares}"


def test_without_congestion_bidders_compete() -> None:
    share, auctions = share_at_zero(0.0, ceilings()[0])
    assert auctions > 500
    assert share < 0.02, f"{share:.1%} of {auctions} auctions"


def test_a_keeper_alone_wins_everything_for_nothing() -> None:
    share, auctions = share_at_zero(2.0, (None,))
    assert auctions > 500
    assert share > 0.98, f"{share:.1%} of {auctions} auctions"


# The curve, written down before its first run. Bots with these gas prices, and one who pays any:
# - as gas follows moves more and more, 0, 1, 2, 4, 8, the share rises from below 2% to above 90%
#   and passes the published 36% on its way, never falling by more than 2 points;
# - with gas as in the tests above (2), bots leave one by one, the best-paying first: the share
#   rises at each step (by no less than -2 points), from below 36% with all four to above 98% alone.
BOTS = (2.5, 4.0, 6.0, 8.0)
PUBLISHED = 0.36


def rising(shares: list[float]) -> bool:
    return all(later >= earlier - 0.02 for earlier, later in itertools.pairwise(shares))


@pytest.mark.slow
def test_the_share_rises_through_the_published_one_as_gas_spikes() -> None:
    shares = [share_at_zero(spike, (*BOTS, None))[0] for spike in (0.0, 1.0, 2.0, 4.0, 8.0)]
    assert rising(shares), f"{shares}"
    assert shares[0] < 0.02 and shares[-1] > 0.9, f"{shares}"


@pytest.mark.slow
def test_the_share_rises_through_the_published_one_as_keepers_go_to_one() -> None:
    shares = [share_at_zero(2.0, (*BOTS[:bots], None))[0] for bots in (4, 3, 2, 1, 0)]
    assert rising(shares), f"{shares}"
    assert shares[0] < PUBLISHED and shares[-1] > 0.98, f"{shares}"
