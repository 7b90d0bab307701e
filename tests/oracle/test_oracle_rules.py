"""Each oracle rule worked by hand, steps of 10 s; and against slow, direct versions."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from oracle_stages import Stages, begin, shown

from seawall.foundation.errors import InputError
from seawall.oracle.auction_delayed import AuctionDelayed, hold_steps
from seawall.oracle.capped import Capped
from seawall.oracle.commit_then_settle import CommitThenSettle, delay_steps, settles
from seawall.oracle.confidence import Confidence
from seawall.oracle.landing import landing_memory, landing_rule
from seawall.oracle.median import Median, Source
from seawall.oracle.publication import publish_all
from seawall.oracle.pull import Pull
from seawall.oracle.twap import Twap
from seawall.venues import Feed

# A crash from 100 to 80 and back, seen by every source below.
CRASH = [100.0, 100.0, 80.0, 80.0, 100.0, 100.0, 100.0]


def one(**stages: object) -> Stages:
    """One push feed without triggers, and these stages on it."""
    return Stages([Feed()], **{name: [(rule, [0])] for name, rule in stages.items()})


def test_the_sources_differ_on_one_crash() -> None:
    """Market price, average over 40 s, median of three lagged sources: what each feed sees."""
    assert shown(Stages([Feed()]), CRASH) == CRASH[1:]
    # Mean of the last four: (3 x 100 + 80) / 4 = 95, then 90, 90, 90, and 95 as one 80 leaves.
    assert shown(one(twap=Twap(40.0)), CRASH) == [100.0, 95.0, 90.0, 90.0, 90.0, 95.0]
    # Lags of 0, 10 and 20 s: at step 2 they show 80, 100, 100; at step 3 80, 80, 100; at step 4
    # 100, 80, 80; at step 5 100, 100, 80. The median is the middle one: the crash 10 s late.
    three = Median((Source(), Source(lag_seconds=10.0), Source(lag_seconds=20.0)))
    assert shown(one(median=three), CRASH) == [100.0, 100.0, 80.0, 80.0, 100.0, 100.0]
    # Two sources: the mean of both, 90 while only one has seen it.
    two = Median((Source(), Source(lag_seconds=10.0)))
    assert shown(one(median=two), CRASH) == [100.0, 90.0, 80.0, 90.0, 100.0, 100.0]


def test_median_with_sources_that_fail_together() -> None:
    """A common event takes every source (share 1, chance per step 1 - e^-1000): the median with it.

    Stale for 30 s from step 1 on they show 100 until step 3, and fail again at step 4 at 100.
    """
    sources = tuple(Source() for _ in range(5))
    often = 1e9
    stale = Median(sources, common_per_day=often, share=1.0, failure_seconds=30.0)
    assert shown(one(median=stale), CRASH) == [100.0] * 6
    # The same number of failures, each on its own source, is what `failures_per_day` is.
    wrong = Median(sources, 0.0, often, 1.0, 1e6, "wrong", -0.5)
    assert shown(one(median=wrong), [100.0, 100.0, 80.0]) == [50.0, 40.0]
    # Without a share nobody is taken.
    assert shown(one(median=Median(sources, common_per_day=often)), CRASH) == CRASH[1:]


def test_rejection_worked_by_hand() -> None:
    """Lags 0, 0, 0, 30 s on a fall to 90: sources 90, 90, 90, 100; medians 90 either way. Lags 0,
    0, 30, 30: 90, 90, 100, 100, median 95; within 3% of it nobody, so it stays; within 6% all do.
    Lags 0, 10, 30 on 100, 100, 94, 90: at step 3 90, 94, 100; the median 94 keeps 90 within 5%
    and drops 100: (90 + 94) / 2 = 92.
    """
    half = Median(tuple(Source(lag_seconds=lag) for lag in (0.0, 0.0, 30.0, 30.0)), reject=0.03)
    assert shown(one(median=half), [100.0, 90.0])[0] == 95.0
    three = tuple(Source(lag_seconds=lag) for lag in (0.0, 10.0, 30.0))
    falls = [100.0, 100.0, 94.0, 90.0]
    assert shown(one(median=Median(three)), falls)[-1] == 94.0
    assert shown(one(median=Median(three, reject=0.05)), falls)[-1] == 92.0


def test_pull_worked_by_hand() -> None:
    """Published every 20 s, brought 10 s later: at steps 2, 4, 6 the prices of steps 1, 3, 5.

    A push feed with a 20 s heartbeat and a 10 s delay shows those of 2 and 4 at steps 3 and 5.
    """
    prices = [0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    pull = one(pull=Pull(10.0, 20.0, 20.0))
    assert shown(pull, prices) == [0.5, 1.0, 1.0, 3.0, 3.0, 5.0]
    assert shown(pull, prices, "stamp") == [0, 1, 1, 3, 3, 5]
    push = Stages([Feed(heartbeat_seconds=20.0, delay_seconds=10.0)])
    assert shown(push, prices) == [0.5, 0.5, 2.0, 2.0, 4.0, 4.0]
    # Observations of 10 s ago are 20 s old a step later: refused at a maximum of 10 s.
    strict = one(pull=Pull(10.0, 10.0, 20.0))
    assert shown(strict, prices, "usable") == [True, True, False, True, False, True]
    # An outage from step 1 for ever: the price of the start ages.
    silent = one(pull=Pull(10.0, 30.0, 0.0, 1e9, 1e6))
    assert shown(silent, prices) == [0.5] * 6
    assert shown(silent, prices, "usable") == [True, True, True, False, False, False]
    # In steps a delay of 6 s is one of 10 s: a maximum age of 9 s does not refuse every price.
    assert shown(one(pull=Pull(6.0, 9.0)), prices, "usable") == [True] * 6
    with pytest.raises(InputError, match="refused"):
        Pull(10.0, 5.0)


def test_caps_worked_by_hand() -> None:
    """What each bound lets through of 100, 110, 110, 90, 90."""
    prices = [100.0, 110.0, 110.0, 90.0, 90.0]
    # 10% up is cut to 5% and stays until another price comes, then at most 5% down from 105.
    assert shown(one(capped=Capped(per_update=0.05)), prices) == [105.0, 105.0, 99.75, 99.75]
    # 360% an hour is 1% a step, whether updates come or not.
    slow = shown(one(capped=Capped(per_hour=3.6)), prices)
    assert slow == pytest.approx([101.0, 102.01, 102.01 * 0.99, 102.01 * 0.99**2])
    assert shown(one(capped=Capped(ceiling=104.0)), prices) == [104.0, 104.0, 90.0, 90.0]
    # Growth of 1% per step of 10 s: at most 101, 102, 103, 104 of a price that started at 100.
    growth = shown(one(capped=Capped(growth_per_year=0.01 * 3_153_600.0)), prices)
    assert growth == pytest.approx([101.0, 102.0, 90.0, 90.0])
    both = Capped(per_update=0.05, per_hour=3.6)
    # The update of step 1 moves 1%, that of step 2 none came, that of step 3 1% down.
    assert shown(one(capped=both), prices) == pytest.approx([101.0, 101.0, 99.99, 99.99])
    with pytest.raises(InputError, match="without any bound"):
        Capped()


def test_auction_worked_by_hand() -> None:
    """Two blocks of 10 s: an update of more than 1% is held two steps, then the newest is shown."""
    auction = one(auction=AuctionDelayed(2, 10.0, trigger=0.01))
    # 100.5 passes at once; 90 at step 2 is held until step 4, which shows 85; 80 comes at 5.
    prices = [100.0, 100.5, 90.0, 88.0, 85.0, 80.0, 80.0, 80.0]
    assert shown(auction, prices) == [100.5, 100.5, 100.5, 85.0, 85.0, 85.0, 80.0]
    assert shown(auction, prices, "stamp") == [1, 1, 1, 4, 4, 4, 7]
    # With a certain bid in every block the hold is one block.
    bid = one(auction=AuctionDelayed(2, 10.0, 1.0, 0.01))
    assert shown(bid, prices) == [100.5, 100.5, 88.0, 88.0, 80.0, 80.0, 80.0]


def test_holds_are_geometric_and_bounded() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    hold = hold_steps(AuctionDelayed(4, 12.0, 0.3), u, 12.0)
    share = np.bincount(hold, minlength=5)[1:] / u.size
    assert share == pytest.approx([0.3, 0.21, 0.147, 0.343], abs=2e-5)
    assert set(hold_steps(AuctionDelayed(4, 2.0), u[:3], 12.0)) == {1}
    assert set(hold_steps(AuctionDelayed(4, 1.0), u[:3], 12.0)) == {0}


def test_confidence_worked_by_hand() -> None:
    """Half-width floor + factor x mean |return|, here with weight 1 - e^-1 and horizon 10 s."""
    weight, factor = 1.0 - np.exp(-1.0), np.sqrt(np.pi / 2.0)
    rule = Confidence(2.0, 10.0, 0.001, 0.02, 10.0)
    found = shown(one(confidence=rule), [100.0, 101.0, 101.0, 50.0], "width")
    first = weight * 0.01
    second = first * (1.0 - weight)
    expected = [0.001 + factor * first, 0.001 + factor * second, 0.02]
    assert found == pytest.approx([2.0 * h for h in expected])
    # The price shown stays what it was.
    assert shown(one(confidence=rule), [100.0, 101.0]) == [101.0]
    with pytest.raises(InputError, match="nothing"):
        Confidence(10.0, 1.0, ceiling=0.1)


def test_confidence_is_the_volatility_over_its_horizon() -> None:
    """On Brownian motion of 1 bp per root second: 1e-4 x sqrt(12), whatever the step."""
    for dt in (1.0, 10.0):
        rng = np.random.default_rng(1)
        steps = 4_000
        moves = 1e-4 * np.sqrt(dt) * rng.standard_normal((steps, 40, 1))
        prices = np.concatenate([np.ones((1, 40, 1)), np.exp(np.cumsum(moves, axis=0))])
        stages = Stages([Feed()], dt, confidence=[(Confidence(1.0, 12.0, 0.0, 0.5, 100.0), [0])])
        rule, memory, feed_rule, feeds = begin(stages, prices[0], steps)
        seen = []
        for step in range(1, steps + 1):
            publish_all(rule, memory, feed_rule, feeds, step, prices[step])
            seen.append(memory.width.mean())
        assert np.mean(seen[1_000:]) == pytest.approx(1e-4 * np.sqrt(12.0), rel=0.02)


def test_landing_worked_by_hand() -> None:
    """Blocks land the updates of steps 1, 3 and 4 at steps 2, 5 and 6."""
    prices = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0])[:, None, None]
    seen_from = np.array([0, 0, 1, 1, 1, 3, 4], dtype=np.int32)[None, :, None]
    rule, memory, feed_rule, feeds = begin(
        Stages([Feed()], landing=[(0, [0])]), prices[0], 6, seen_from
    )
    out = [publish_all(rule, memory, feed_rule, feeds, s, prices[s])[0, 0] for s in range(1, 7)]
    assert out == [10.0, 11.0, 11.0, 11.0, 13.0, 14.0]
    assert memory.stamp[0, 0] == 4
    # The oldest price that is needed is two steps old.
    assert landing_memory(landing_rule([(0, np.array([0]))]), prices[0], seen_from).ring.shape == (
        1,
        3,
        1,
    )


def test_commit_then_settle_worked_by_hand() -> None:
    """Committed at step 5 with 10 to 40 s: a price sent at 6 or later settles it until step 9."""
    least, most = delay_steps(CommitThenSettle(10.0, 40.0), 10.0)
    assert (least, most) == (1, 4)
    committed = np.full(5, 5)
    stamp, found = [5, 6, 8, 8, 12], []
    for step in (6, 9, 10):
        done, void = settles(committed, np.array(stamp), step, least, most)
        found.append((done.tolist(), void.any()))
    assert found == [
        ([False, True, True, True, True], False),
        ([False, True, True, True, True], False),
        ([False] * 5, True),
    ]
    with pytest.raises(InputError, match="largest delay"):
        CommitThenSettle(10.0, 10.0)


def test_average_and_median_against_slow_versions() -> None:
    rng = np.random.default_rng(2)
    steps, paths = 300, 4
    prices = np.exp(np.cumsum(rng.normal(0.0, 0.01, (steps + 1, paths, 2)), axis=0))
    sources = tuple(Source(lag_seconds=lag) for lag in (0.0, 30.0, 10.0, 70.0, 20.0))
    stages = Stages(
        [Feed(), Feed()], twap=[(Twap(120.0), [0])], median=[(Median(sources, reject=0.02), [1])]
    )
    rule, memory, feed_rule, feeds = begin(stages, prices[0], steps)
    for step in range(1, steps + 1):
        seen = publish_all(rule, memory, feed_rule, feeds, step, prices[step])
        for p in range(paths):
            past = [prices[max(step - back, 0), p, 0] for back in range(12)]
            assert seen[p, 0] == pytest.approx(sum(past) / 12.0, rel=1e-12)
            shows = [prices[max(step - back, 0), p, 1] for back in (0, 3, 1, 7, 2)]
            middle = median(shows)
            near = [x for x in shows if abs(x - middle) <= 0.02 * middle]
            assert seen[p, 1] == pytest.approx(median(near), rel=1e-15)


def test_gap_of_an_average_on_brownian_motion() -> None:
    """Variance of price less average: near s^2 window / 3."""
    rng = np.random.default_rng(3)
    w, paths, steps = 30, 4_000, 60
    walk = np.concatenate(
        [np.zeros((1, paths, 1)), np.cumsum(rng.normal(size=(steps, paths, 1)), 0)]
    )
    prices = 1e4 + walk
    rule, memory, feed_rule, feeds = begin(
        Stages([Feed()], twap=[(Twap(10.0 * w), [0])]), prices[0], steps
    )
    for step in range(1, steps + 1):
        seen = publish_all(rule, memory, feed_rule, feeds, step, prices[step])
    # gap = sum over j = 1..w-1 of (j / w) x moves, oldest least: sum of squares below.
    truth = sum((j / w) ** 2 for j in range(1, w))
    assert np.var(prices[-1] - seen) == pytest.approx(truth, rel=0.08)
    assert truth == pytest.approx(w / 3.0, rel=0.06)


def test_noise_of_sources_has_the_stated_size() -> None:
    one_source = one(median=Median((Source(0.01),)))
    found = np.array(shown(one_source, [1.0] * 4_001))
    assert found.std() == pytest.approx(0.01, rel=0.03)
    assert abs(found.mean() - 1.0) < 3.0 * 0.01 / np.sqrt(4_000)
    assert np.abs(found - 1.0).max() <= 0.01 * np.sqrt(3.0)
