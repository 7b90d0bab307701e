"""Stylised facts of each generator against real history that it was not fitted on.

Fitted to the first two thirds of 30-minute bars of BTC, ETH and SOL (2023-01 .. 2025-08), judged on
the last third: the share of tail, clustering and correlation statistics of the later history within
the model's 95% range (seawall.scenario.fit.goodness). Facts: Cont (2001), "Empirical properties of
asset returns: stylized facts and statistical issues".

PREDICTED was written down before any model had seen this file (the hourly file of 2020 to 2024 had
been looked at for four of the models); what came out is in docs/scenarios.md, misses included.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from seawall.connect.deribit_chain import read_chain
from seawall.connect.option_quotes import smile_moves
from seawall.scenario.fit.goodness import Goodness, goodness
from seawall.scenario.fit.models import FITS
from seawall.scenario.fit.prices import Prices, read_prices, returns_of, split_time
from seawall.scenario.fit.skew import DatedMoves, skew_terms
from seawall.scenario.fit.written import drawing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SEAWALL_DATA") or ROOT / "../shared/data") / "prices"
FILE = FOLDER / "perp_30m_20_assets_2023-01_2025-08.parquet"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FILE.is_file(), reason="SEAWALL_DATA has no prices: 6 fits not judged"),
]

# Least and largest share of the statistics of a group inside the model's range.
PREDICTED = {
    "diffusion": {"tails": (0.0, 0.0), "clustering": (0.0, 0.2)},
    "jump_diffusion": {"tails": (0.2, 0.9), "clustering": (0.0, 0.2)},
    "self_exciting": {"tails": (0.2, 0.9), "clustering": (0.0, 0.5)},
    "stochastic_volatility": {"tails": (0.0, 0.5), "clustering": (0.6, 1.0)},
    "heavy_tail": {"tails": (0.3, 1.0), "clustering": (0.0, 0.2)},
    "bootstrap": {"tails": (0.6, 1.0), "clustering": (0.6, 1.0)},
}
# What came out otherwise, each with why, as far as it is understood.
MISSED = {
    # Jumps are picked beyond 2.1%: Hill's 1% of bars lies among them, where the law is exponential.
    ("self_exciting", "tails"): 1 / 9,
    # One memory of some days: the echo after five days is too weak in all three coins.
    ("stochastic_volatility", "clustering"): 5 / 9,
}
GROUPS = {
    "tails": ("left tail index", "right tail index", "99.9% loss in volatilities"),
    "clustering": tuple(
        f"autocorrelation of |return|, {lag}" for lag in ("next bar", "1 day", "5 days")
    ),
    "correlation": ("correlation",),
}


@cache
def bars() -> Prices:
    return read_prices([FILE], {name: f"{name}USDT" for name in ("BTC", "ETH", "SOL")})


def judged(model: str, prices: Prices, paths: int) -> Goodness:
    time = split_time(prices, None)
    fitted = FITS[model](returns_of(prices.before(time)))
    draw = drawing(fitted, prices.before(time), 1)
    return goodness(returns_of(prices.after(time)), draw, paths)


def share_inside(good: Goodness, group: str) -> float:
    inside = [row.inside for row in good.rows if row.statistic in GROUPS[group]]
    return sum(inside) / len(inside)


@pytest.mark.slow
@pytest.mark.parametrize("model", list(FITS))
def test_each_generator_shows_the_facts_it_was_predicted_to(model: str) -> None:
    good = judged(model, bars(), 200)
    found = {group: share_inside(good, group) for group in GROUPS}
    print(model, {group: f"{share:.0%}" for group, share in found.items()})
    for group, (low, high) in PREDICTED[model].items():
        missed = MISSED.get((model, group))
        if missed is None:
            assert low <= found[group] <= high, f"{model}: {found[group]:.0%} of {group} inside"
        else:
            assert not low <= found[group] <= high
            assert found[group] == pytest.approx(missed)


def test_heavy_tails_have_the_tails_of_later_months_and_not_their_clusters() -> None:
    """A sample of the above: BTC alone, the first 12,000 bars, 40 histories."""
    whole = bars()
    sample = Prices(("BTC",), whole.seconds, whole.times[:12_000], whole.close[:12_000, :1])
    good = judged("heavy_tail", sample, 40)
    assert share_inside(good, "tails") >= 1 / 3
    # The echo after five days is weak in the later months of the sample; the nearer ones are not.
    assert share_inside(good, "clustering") <= 1 / 3
    print("12,000 of 46,758 bars, 1 of 3 coins, 1 of 6 models, 40 of 200 histories")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BTC", "ETH"])
def test_skew_stickiness_of_january_explains_february(name: str) -> None:
    """Out of sample: more of the changes of volatility at the money than sticky strike (R = 1)
    does, and sticky strike more than sticky delta, which explains none by definition.
    """
    parts = []
    for month in ("01", "02"):
        chain = read_chain(FOLDER.parent / f"options/deribit_btc_eth_chain_2026-{month}.parquet")
        moves = smile_moves(chain, name, None)
        times = chain.filter(pl.col("currency") == name)["timestamp"].unique().sort()
        parts.append(DatedMoves(moves, times.dt.epoch("d").to_numpy()[moves.interval]))
    for term in skew_terms(parts[0], parts[1], seed=1):
        print(name, term)
        assert term.explained is not None and term.strike_explained is not None
        assert term.explained > term.strike_explained > 0.2
        assert term.slope.value < 0.0
        assert term.low < 2.2 and term.high > 0.5
