"""Moves of the past: windows, gaps, the square root of time, today's size; and their rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tail_cases import DAY, linear_case, row, with_history

from seawall.exposure import check
from seawall.exposure.tail.past import MEMORY, as_they_were, in_todays_size, past_bars
from seawall.exposure.tail.rows import pareto_row
from seawall.exposure.tail.scale import BURN, scale, scales
from seawall.foundation.errors import InputError
from seawall.market import PriceHistory


def history(logs, assets=("BTC",), bar=86_400):
    """Prices from log-prices (n, k)."""
    price = np.exp(np.asarray(logs, dtype=float)).reshape(len(logs), len(assets))
    return PriceHistory(np.arange(len(logs), dtype=np.int64) * bar, assets, price)


def test_windows_overlap_by_all_but_one_bar():
    logs = np.cumsum(np.random.default_rng(1).normal(0.0, 0.02, 601))
    bars = past_bars(history(logs), ("BTC",))
    moves = as_they_were(bars, DAY, 3 * DAY)
    assert (moves.overlap, moves.stretch, moves.independent) == (3, 1.0, 199)
    assert moves.value[:, 0] == pytest.approx(logs[3:] - logs[:-3])


def test_a_short_history_is_stretched_by_the_square_root_of_time():
    # 250 bars hold 100 windows end to end of two bars, not of seven: sqrt(7 / 2).
    logs = np.cumsum(np.random.default_rng(2).normal(0.0, 0.02, 251))
    moves = as_they_were(past_bars(history(logs), ("BTC",)), DAY, 7 * DAY)
    assert (moves.overlap, moves.stretch) == (2, pytest.approx(math.sqrt(3.5)))
    assert moves.value[:, 0] == pytest.approx((logs[2:] - logs[:-2]) * math.sqrt(3.5))
    # A horizon of half a bar takes a bar and shrinks it.
    half = as_they_were(past_bars(history(logs), ("BTC",)), DAY, DAY / 2)
    assert half.stretch == pytest.approx(math.sqrt(0.5))


def test_no_window_leaps_over_a_gap():
    logs = np.cumsum(np.random.default_rng(3).normal(0.0, 0.02, 601))
    table = history(logs)
    price = table.price.copy()
    price[300] = np.nan
    bars = past_bars(PriceHistory(table.time, table.assets, price), ("BTC",))
    moves = as_they_were(bars, DAY, 2 * DAY)
    assert bars.value.shape[0] == 598
    # 300 prices before it make 299 bars and 298 windows of two; so do those after it.
    assert moves.value.shape[0] == 2 * 298
    kept = np.r_[logs[2:300] - logs[:298], logs[303:] - logs[301:-2]]
    assert moves.value[:, 0] == pytest.approx(kept)


def test_todays_size_against_a_plain_loop():
    logs = np.cumsum(np.random.default_rng(4).normal(0.0, 0.02, (151, 2)), axis=0)
    bars = past_bars(history(logs, ("BTC", "ETH")), ("BTC", "ETH"))
    moves = in_todays_size(bars, DAY, DAY)
    returns = np.diff(logs, axis=0)
    for k in range(2):
        variance = [float(np.mean(returns[:BURN, k] ** 2))]
        for value in returns[:, k]:
            variance.append(MEMORY * variance[-1] + (1.0 - MEMORY) * value**2)
        size = np.sqrt(variance)
        slow = [returns[t, k] / size[t] * size[-1] for t in range(BURN, 150)]
        assert moves.value[:, k] == pytest.approx(slow)


def test_scales_side_by_side_are_those_of_one_series():
    seen = np.random.default_rng(5).exponential(size=(90, 2))
    both = scales(seen, 0.9)
    for k in range(2):
        assert both[:-1, k] == pytest.approx(scale(seen[:, k], 0.9), rel=1e-12)
    assert both[-1] ** 2 == pytest.approx(0.9 * both[-2] ** 2 + 0.1 * seen[-1])


def test_an_asset_that_never_moved_stays_still():
    logs = np.zeros((201, 1))
    assert np.all(in_todays_size(past_bars(history(logs), ("BTC",)), DAY, DAY).value == 0.0)


def test_a_history_that_says_too_little_is_refused_in_a_sentence():
    short = history(np.zeros(60))
    with pytest.raises(InputError, match="has 59 bars"):
        past_bars(short, ("BTC",))
    with pytest.raises(InputError, match="no column for ETH"):
        past_bars(history(np.zeros(200)), ("BTC", "ETH"))


def known_prices():
    """101 days of which the k-th day's move is -k/1000, in an order of no meaning; last at 100."""
    falls = np.random.default_rng(6).permutation(np.arange(1, 101)) / 1_000.0
    logs = np.concatenate([[0.0], np.cumsum(-falls)])
    return (100.0 * np.exp(logs - logs[-1])).tolist()


def test_the_historical_rows_of_a_known_series_by_hand():
    # One coin long at 100: the k-th loss is 100 (1 - exp(-k / 1000)), k = 1 .. 100. VaR 95% is the
    # 95th, ES 95% the mean of the five worst; at 97.5 and 99% fewer than ten lie beyond.
    result = check(with_history(linear_case(), BTC=known_prices()), horizon_seconds=DAY, paths=50)
    found = row(result, "historical")
    loss = 100.0 * -np.expm1(-np.arange(1, 101) / 1_000.0)
    assert found["value_at_risk"] == pytest.approx(loss[[94, 97, 98]])
    assert found["observations"] == 100
    assert found["expected_shortfall"] == [None, None, None]
    assert found["beyond"] == pytest.approx([5.0, 2.5, 1.0])
    assert result["tail"]["history"]["file"] == "days.csv"
    windows = result["tail"]["desks"][0]["windows"]
    assert windows == {"seconds": DAY, "count": 100, "independent": 100, "stretch": 1.0}
    # 70 filtered windows leave 7 losses beyond the 90% quantile, and ten are the fewest.
    note = row(result, "extreme_value")["note"]
    assert note.startswith("7 independent losses") and note.endswith("a Pareto law is fitted to")
    assert row(result, "filtered_historical")["value_at_risk"][0] > 0.0


def test_without_a_history_the_rows_say_how_to_give_one_and_the_paths_stand():
    result = check(linear_case(), horizon_seconds=DAY, paths=50)
    for method in ("historical", "filtered_historical", "extreme_value"):
        found = row(result, method)
        assert found["value_at_risk"] == [None, None, None]
        assert 'history = "FILE"' in found["note"]
    assert row(result, "monte_carlo")["value_at_risk"][0] > 0.0
    assert result["tail"]["history"] is None


def test_a_desk_of_an_asset_that_the_history_lacks_is_told_which():
    result = check(with_history(linear_case(), ETH=[1.0] * 200), horizon_seconds=DAY, paths=10)
    assert row(result, "historical")["note"] == "the price history has no column for BTC"


def test_extreme_value_finds_the_quantiles_of_a_pareto_tail():
    # Losses whose tenth beyond 1 is generalised Pareto, shape 0.3 and size 0.5: the quantile at
    # 99% is 1 + 0.5 / 0.3 (0.1^-0.3 - 1) = 2.659, and the shortfall there (q + 0.5 - 0.3) / 0.7.
    rng = np.random.default_rng(8)
    count = 20_000
    beyond = rng.random(count) < 0.1
    excess = 0.5 / 0.3 * (rng.random(count) ** -0.3 - 1.0)
    losses = np.where(beyond, 1.0 + excess, rng.random(count))
    moves = as_they_were(past_bars(history(np.zeros(count + 1)), ("BTC",)), DAY, DAY)
    found = pareto_row(losses, moves, 1)
    quantile = 1.0 + 0.5 / 0.3 * (0.1**-0.3 - 1.0)
    shortfall = (quantile + 0.5 - 0.3) / 0.7
    assert found["value_at_risk"][2] == pytest.approx(quantile, rel=0.03)
    assert found["expected_shortfall"][2] == pytest.approx(shortfall, rel=0.08)
    assert found["value_at_risk_low"][2] < quantile < found["value_at_risk_high"][2]
    assert found["shape_low"] < 0.3 < found["shape_high"]
    assert found["threshold"] == pytest.approx(1.0, abs=0.02)
    assert found["excesses"] == 2_000


@pytest.mark.slow
def test_the_interval_of_extreme_value_covers():
    # 150 excesses each, 400 samples: 95% +- 2.2. Resampled intervals of a heavy tail are a little
    # short (percentiles had 89.7%): 90% at least is asked, and what is measured is in decision 019.
    rng = np.random.default_rng(9)
    quantile = 1.0 + 0.5 / 0.3 * (0.1**-0.3 - 1.0)
    moves = as_they_were(past_bars(history(np.zeros(1_501)), ("BTC",)), DAY, DAY)
    held = 0
    for seed in range(400):
        beyond = rng.random(1_500) < 0.1
        excess = 0.5 / 0.3 * (rng.random(1_500) ** -0.3 - 1.0)
        found = pareto_row(np.where(beyond, 1.0 + excess, rng.random(1_500)), moves, seed)
        held += found["value_at_risk_low"][2] < quantile < found["value_at_risk_high"][2]
    print(f"coverage of extreme-value VaR 99%: {held / 400:.3f}")
    assert 0.90 <= held / 400 <= 0.98
