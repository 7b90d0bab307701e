"""DRE against reality, part by part: by hand, by closed forms, and against `check` itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_bars import HOUR, made

from seawall.exposure import check
from seawall.exposure.backtest.reality.accounts import Account, accounts_of, first_bracket
from seawall.exposure.backtest.reality.bars import Series, activity, hourly, points
from seawall.exposure.backtest.reality.forecast import Forecast, Sample, fit_forecast, memories
from seawall.exposure.backtest.reality.law import (
    STEP,
    Taken,
    extremes,
    law_of,
    number_of,
    outcomes,
    thinned,
    volatility_of,
    whole,
    windows,
)
from seawall.exposure.backtest.reality.one_account import OWNER, one_account
from seawall.exposure.backtest.reality.peers import first_passage
from seawall.foundation.random import Stream, uniforms
from seawall.scenario.filtered_history import windows_of

FLAT = Forecast("memory", (86_400,), np.array([1.0]), np.zeros(24), np.zeros(7), math.log(8_760.0))


def test_liquidation_prices_by_hand() -> None:
    """10x long, 1%: equity 0.1 + P - 1 = 0.01 P at P = 0.9 / 0.99. Short: 0.1 + 1 - P = 0.01 P."""
    assert Account("long", 10.0, 0.01).distance == pytest.approx(-math.log(0.9 / 0.99))
    assert Account("short", 10.0, 0.01).distance == pytest.approx(math.log(1.1 / 1.01))
    rate, largest, known = first_bracket("BTC")
    assert (rate, largest, known) == (0.004, 150.0, True)
    # A coin that the table does not have: its strictest bracket, 20x at most.
    assert first_bracket("NOSUCHCOIN") == (0.03, 20.0, False)
    assert {a.leverage for a in accounts_of("NOSUCHCOIN", 86_400)} == {2, 3, 5, 10, 20}
    assert {a.leverage for a in accounts_of("BTC", 604_800)} == {2, 3, 5, 10}


def test_minutes_become_hours_with_their_extremes_and_gaps() -> None:
    """Two bars of half an hour make an hour; the second hour lacks one and is a gap."""
    log = np.log
    half = Series(
        "X",
        "f",
        1_800,
        np.array([1_800, 3_600, 5_400, 7_200, 9_000, 10_800]),
        log([9.0, 8.0, np.nan, 7.0, 9.0, 9.5]),
        log([11.0, 10.0, np.nan, 12.0, 10.0, 13.0]),
        log([10.0, 9.0, np.nan, 8.0, 9.5, 10.0]),
        True,
    )
    hours = hourly(half)
    assert hours.end.tolist() == [3_600, 7_200, 10_800]
    np.testing.assert_allclose(np.exp(hours.low), [8.0, np.nan, 9.0])
    np.testing.assert_allclose(np.exp(hours.high), [11.0, np.nan, 13.0])
    np.testing.assert_allclose(np.exp(hours.close), [9.0, np.nan, 10.0])


def test_a_path_through_a_bar_and_what_moved() -> None:
    """From 0 the bar rises to 0.02: low -0.01, high 0.03. Then it falls to 0.00."""
    one = Series(
        "X",
        "f",
        HOUR,
        HOUR * np.arange(1, 4),
        np.array([0.0, -0.01, -0.02]),
        np.array([0.0, 0.03, 0.04]),
        np.array([0.0, 0.02, 0.00]),
        True,
    )
    np.testing.assert_allclose(points(one)[1:], [[-0.01, 0.03, 0.02], [0.04, -0.02, 0.0]])
    expected = [0.01**2 + 0.04**2 + 0.01**2, 0.02**2 + 0.06**2 + 0.02**2]
    np.testing.assert_allclose(activity(one)[1:], expected)


@pytest.mark.parametrize("bars", [1, 2, 5, 8])
def test_outcomes_are_those_of_a_plain_loop(bars: int) -> None:
    one = made(300, seed=2, gaps=(40, 41, 200))
    accounts = accounts_of("BTC", 4 * HOUR)
    at = whole(one, bars)
    found = outcomes(one, at, bars, accounts)
    slow_at = [
        t for t in range(one.close.size - bars) if np.all(np.isfinite(one.close[t : t + bars + 1]))
    ]
    assert at.tolist() == slow_at
    for row, t in enumerate(slow_at):
        low, high = one.low[t + 1 : t + bars + 1].min(), one.high[t + 1 : t + bars + 1].max()
        for column, account in enumerate(accounts):
            if account.side == "long":
                broke = low <= one.close[t] - account.distance
            else:
                broke = high >= one.close[t] + account.distance
            assert found[row, column] == broke


def test_memories_are_weighted_means_of_what_was_seen() -> None:
    one = made(200, seed=3, gaps=(150,))
    seen = activity(one)
    found = memories(one, (6 * HOUR,))[:, 0]
    for t in (130, 160, 199):
        age = t - np.arange(t + 1)
        known = np.isfinite(seen[: t + 1])
        weight = 0.5 ** (age[known] / 6.0)
        assert found[t] == pytest.approx(np.sum(weight * seen[: t + 1][known]) / weight.sum())
    assert np.isnan(found[150]) and np.isnan(found[3])


def test_a_blend_finds_weights_that_sum_to_one_and_a_level_in_years() -> None:
    one = made(4_000, seed=4)
    at = whole(one, 24)[200:]
    found = fit_forecast("blend", [Sample(one, at)], 24, 30 * 86_400)
    assert found.weights.sum() == pytest.approx(1.0)
    ratio = (one.close[at + 24] - one.close[at]) / found(one)[at]
    assert np.mean(ratio**2) == pytest.approx(24 * 3_600 / (365 * 86_400), rel=0.01)


def test_the_chances_of_the_law_are_those_of_check_path_by_path() -> None:
    """The slow version is `check` on a Case with one account; same windows, same verdicts."""
    bars, series = 8, [made(400, seed=5), made(400, seed=6, gaps=(90,))]
    taken = thinned([Taken(one, whole(one, bars)[150:]) for one in series], bars)
    paths = windows(taken, FLAT, bars)
    for account, volatility in (
        (Account("long", 20.0, 0.01), 0.9),
        (Account("short", 25.0, 0.005), 0.7),
        (Account("long", 50.0, 0.004), 0.4),
    ):
        number = int(number_of(np.array([volatility]))[0])
        case = one_account(account, taken, FLAT, bars, number)
        answer = check(case, horizon_seconds=bars * HOUR, paths=300, seed=9)
        said = answer["dre"]["scopes"][f"desk:{OWNER}"]["probability"][-1]
        assert 0.02 < said < 0.98
        # The windows that check's paths took, in the order of `windows`.
        market = case.market
        history, forecasts = (market.histories[n] for n in ("history.csv", "forecasts.csv"))
        all_of_them = windows_of(history, forecasts, (series[0].label,), 3 * bars, "any")
        drawn = uniforms(9, Stream.WINDOW, np.arange(300), np.zeros(1, dtype=np.int64), 1)
        took = (drawn[:, 0, 0] * all_of_them.start.size).astype(int)
        column = all_of_them.column(0)[took]
        begin = (all_of_them.start[took] - 2) // 3
        place = {
            (k, int(t)): n
            for n, (k, t) in enumerate((k, t) for k, one in enumerate(taken) for t in one.at)
        }
        index = [place[(int(k), int(t))] for k, t in zip(column, begin, strict=True)]
        assert len(place) == all_of_them.start.size
        low, high = extremes(paths, volatility_of(number))
        reached = low <= -account.distance if account.side == "long" else high >= account.distance
        assert said == np.mean(reached[index])
        law = law_of(paths, np.array([number]))
        assert law.chances([account])[0, 0] == pytest.approx(np.mean(reached), abs=1e-12)
        assert abs(said - np.mean(reached)) < 4.0 * math.sqrt(0.25 / 300)


def test_a_normal_first_passage_against_its_closed_form_and_a_walk() -> None:
    """Without drift in the log the reflection principle gives 2 N(-d / s); the drift of the mean
    moves it by little at s = 1%, and a fine walk agrees at s = 10%.
    """
    near = Account("long", 50.0, 0.004)
    small = float(first_passage(near, 0.01))
    assert small == pytest.approx(math.erfc(near.distance / 0.01 / math.sqrt(2.0)), rel=0.05)
    rng = np.random.default_rng(1)
    steps = 2_000
    moves = rng.standard_normal((4_000, steps)) * 0.1 / math.sqrt(steps) - 0.5 * 0.01 / steps
    walk = np.cumsum(moves, axis=1)
    for account in (Account("long", 10.0, 0.01), Account("short", 10.0, 0.01)):
        # A walk misses what happens between its steps: 0.5826 of a step (Broadie and others 1997).
        reach = account.distance - 0.5826 * 0.1 / math.sqrt(steps)
        seen = np.mean(walk.min(1) <= -reach if account.side == "long" else walk.max(1) >= reach)
        assert float(first_passage(account, 0.1)) == pytest.approx(seen, abs=0.03)


def test_the_grid_of_volatilities_is_two_percent_fine() -> None:
    volatility = np.geomspace(0.05, 5.0, 400)
    near = np.array([volatility_of(int(n)) for n in number_of(volatility)])
    assert np.max(np.abs(np.log(near / volatility))) <= STEP / 2 + 1e-12
