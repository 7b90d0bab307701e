"""Threshold oracle: triggers, delay, and the market price itself without any."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.oracle import FeedRule, compile_feeds, publish, start
from seawall.venues import Feed


def run(feed: Feed, prices: list[float], step_seconds: float = 10.0) -> list[float]:
    """What one feed shows at each step of one path, the first price being that of the start."""
    rule = compile_feeds([feed], step_seconds)
    state = start(rule, np.array([[prices[0]]]))
    return [float(publish(rule, state, np.array([[p]]))[0, 0]) for p in prices[1:]]


def test_without_triggers_or_delay_it_is_the_market_price_bit_for_bit() -> None:
    rng = np.random.default_rng(2)
    rule = compile_feeds([Feed(), Feed()], 300.0)
    market = np.exp(rng.normal(size=(50, 7, 2)))
    state = start(rule, market[0])
    for price in market:
        assert np.array_equal(publish(rule, state, price), price)


def test_deviation_worked_by_hand() -> None:
    # 1% of 100: 100.9 is not sent, 101 is; then 1% of 101 counts, from above and below.
    seen = run(Feed(deviation=0.01), [100.0, 100.9, 101.0, 102.0, 102.02, 101.1, 100.9])
    assert seen == [100.0, 101.0, 101.0, 102.02, 102.02, 100.9]


def test_heartbeat_worked_by_hand() -> None:
    # 30 s at steps of 10 s: every third step, counted from the last one sent for whatever reason.
    assert run(Feed(heartbeat_seconds=30.0), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) == [
        1.0,
        1.0,
        4.0,
        4.0,
        4.0,
        7.0,
    ]
    both = Feed(deviation=0.5, heartbeat_seconds=30.0)
    assert run(both, [1.0, 1.1, 1.6, 1.7, 1.8, 1.9]) == [1.0, 1.6, 1.6, 1.6, 1.9]


def test_heartbeat_is_not_earlier_than_stated() -> None:
    assert compile_feeds([Feed(heartbeat_seconds=25.0)], 10.0).heartbeat_steps[0] == 3.0
    assert compile_feeds([Feed(heartbeat_seconds=3600.0)], 0.1).heartbeat_steps[0] == 36_000.0
    assert compile_feeds([Feed(heartbeat_seconds=2.0)], 10.0).heartbeat_steps[0] == 1.0


def test_delay_worked_by_hand() -> None:
    prices = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert run(Feed(delay_seconds=20.0), prices) == [1.0, 1.0, 2.0, 3.0]
    assert run(Feed(deviation=0.4, delay_seconds=10.0), prices) == [1.0, 2.0, 3.0, 3.0]


def test_delay_is_rounded_to_whole_steps() -> None:
    delays = [0.0, 4.9, 5.0, 12.0, 25.0]
    rule = compile_feeds([Feed(delay_seconds=d) for d in delays], 10.0)
    assert rule.delay_steps.tolist() == [0, 0, 1, 1, 3]


def test_feeds_and_paths_do_not_mix() -> None:
    feeds = [
        Feed(),
        Feed(deviation=0.02, delay_seconds=30.0),
        Feed(heartbeat_seconds=50.0),
        Feed(deviation=0.01, heartbeat_seconds=40.0, delay_seconds=10.0),
    ]
    rng = np.random.default_rng(3)
    prices = np.exp(np.cumsum(rng.normal(scale=0.01, size=(120, 3, 4)), axis=0))
    rule = compile_feeds(feeds, 10.0)
    state = start(rule, prices[0])
    seen = np.array([publish(rule, state, price) for price in prices[1:]])
    for path in range(3):
        for number, feed in enumerate(feeds):
            assert seen[:, path, number].tolist() == run(feed, prices[:, path, number].tolist())


def test_start_does_not_keep_the_callers_array() -> None:
    price = np.array([[5.0]])
    rule = compile_feeds([Feed(deviation=0.1)], 1.0)
    state = start(rule, price)
    publish(rule, state, np.array([[9.0]]))[0, 0] = 0.0
    assert price[0, 0] == 5.0 and state.sent[0, 0] == 9.0


@pytest.mark.parametrize(
    "feed",
    [
        Feed(deviation=-0.1),
        Feed(heartbeat_seconds=float("inf")),
        Feed(delay_seconds=float("nan")),
    ],
)
def test_impossible_feeds_are_refused(feed: Feed) -> None:
    with pytest.raises(InputError, match="feed 1 has"):
        compile_feeds([Feed(), feed], 1.0)


def test_impossible_steps_and_columns_are_refused() -> None:
    with pytest.raises(InputError, match=r"step is 0\.0"):
        compile_feeds([], 0.0)
    two, one = np.ones(2), np.ones(1)
    with pytest.raises(InputError, match="differ in length"):
        FeedRule(two, one, np.zeros(2, dtype=np.int64))
    with pytest.raises(InputError, match="negative"):
        FeedRule(one, one, -np.ones(1, dtype=np.int64))
