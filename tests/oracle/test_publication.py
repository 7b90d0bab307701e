"""All oracle stages together: compiled equals plain bit for bit; stages leave other feeds alone."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_stages import Floats, Stages, begin

from seawall.oracle import publish, start
from seawall.oracle.auction_delayed import AuctionDelayed
from seawall.oracle.capped import Capped
from seawall.oracle.confidence import Confidence
from seawall.oracle.feed import compile_feeds
from seawall.oracle.median import Median, Source
from seawall.oracle.publication import OracleMemory, publish_all
from seawall.oracle.publication_kernel import publish_path
from seawall.oracle.pull import Pull
from seawall.oracle.twap import Twap
from seawall.venues import Feed

FIVE = tuple(Source(0.001 * i, 10.0 * i) for i in range(5))
STALE = Median(FIVE, 300.0, 200.0, 0.6, 60.0, reject=0.02)
WRONG = Median(FIVE[:4], 300.0, 200.0, 0.6, 40.0, "wrong", -0.3, 0.05)
PLAIN = Median(FIVE[:3])
PUSH = [
    Feed(),
    Feed(0.01, 120.0, 20.0),
    Feed(delay_seconds=30.0),
    Feed(0.005),
    Feed(heartbeat_seconds=50.0),
    Feed(),
]
STAGES = Stages(
    PUSH,
    twap=[(Twap(70.0), [0]), (Twap(30.0), [3])],
    median=[(STALE, [1, 2]), (WRONG, [4]), (PLAIN, [5])],
    pull=[(Pull(20.0, 60.0, 30.0, 500.0, 100.0), [0, 5])],
    landing=[(0, [1, 2, 3])],
    capped=[(Capped(0.02, 3.0), [1, 4]), (Capped(growth_per_year=2.0, ceiling=1.2), [2, 5])],
    auction=[(AuctionDelayed(5, 12.0, 0.3, 0.004), [1, 3]), (AuctionDelayed(2, 12.0), [0])],
    confidence=[(Confidence(2.0, 12.0, 0.0005, 0.05), [0, 1, 2, 3]), (Confidence(1.0, 0.0), [4])],
)


def walk(paths: int, steps: int, feeds: int) -> Floats:
    """Prices (s + 1, p, f): small moves, jumps, and steps at which nothing moves."""
    rng = np.random.default_rng(9)
    moves = rng.normal(0.0, 0.004, (steps, paths, feeds))
    moves += (rng.random(moves.shape) < 0.03) * rng.normal(0.0, 0.1, moves.shape)
    moves *= rng.random(moves.shape) < 0.8
    path = np.exp(np.cumsum(moves, axis=0))
    return np.concatenate([np.ones((1, paths, feeds)), path])


def clock(paths: int, steps: int) -> np.ndarray:
    """Random blocks: at each step the latest transaction that has landed, with a halt."""
    rng = np.random.default_rng(4)
    seen = np.zeros((paths, steps + 1, 1), dtype=np.int32)
    for step in range(1, steps + 1):
        comes = (rng.random(paths) < 0.5) & ~(60 < step < 90)
        behind = np.maximum(step - rng.integers(0, 4, paths), 0)
        seen[:, step, 0] = np.where(comes, np.maximum(behind, seen[:, step - 1, 0]), 0)
        seen[:, step, 0] = np.maximum(seen[:, step, 0], seen[:, step - 1, 0])
    return seen


def arrays(memory: OracleMemory) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for part in memory:
        found.extend(part if isinstance(part, tuple) else [part])
    return found


def test_compiled_equals_plain_bit_for_bit() -> None:
    paths, steps = 7, 400
    prices, seen = walk(paths, steps, 6), clock(paths, steps)
    rule, plain, feed_rule, feeds = begin(STAGES, prices[0], steps, seen)
    _, fast, _, _ = begin(STAGES, prices[0], steps, seen)
    plain.fresh[3] = fast.fresh[3] = True
    refused, held, widths = 0, 0, set()
    for step in range(1, steps + 1):
        expected = publish_all(rule, plain, feed_rule, feeds, step, prices[step])
        out = np.empty_like(expected)
        for p in range(paths):
            publish_path(rule, fast, p, step, prices[step][p], out[p])
        assert np.array_equal(out, expected), f"prices differ at step {step}"
        for name in ("stamp", "usable", "width"):
            left, right = getattr(fast, name), getattr(plain, name)
            assert np.array_equal(left, right), f"{name} differs at step {step}"
        refused += int((~plain.usable).sum())
        held += int((plain.auction.until > step).sum())
        widths.add(float(plain.width[0, 0]))
    assert np.array_equal(expected[3], prices[-1][3]), "a fresh path sees the market"
    assert refused and held and len(widths) > 300, "the stages must have had something to do"
    others = [p for p in range(paths) if p != 3]
    scratch = id(plain.median.seen)
    for left, right in zip(arrays(fast), arrays(plain), strict=True):
        if id(right) != scratch and left.shape[0] == paths:
            assert np.array_equal(left[others], right[others])


def test_without_rules_it_is_the_push_feed() -> None:
    """Every stage empty: the prices of oracle/feed.py, and when they were sent."""
    prices = walk(5, 200, 6)
    rule, memory, feed_rule, feeds = begin(Stages(PUSH), prices[0], 200)
    alone_rule = compile_feeds(PUSH, 10.0)
    alone = start(alone_rule, prices[0])
    for step in range(1, 201):
        seen = publish_all(rule, memory, feed_rule, feeds, step, prices[step])
        assert np.array_equal(seen, publish(alone_rule, alone, prices[step]))
        # The price shown is the market's at the step of its stamp.
        sent = prices[memory.stamp, np.arange(5)[:, None], np.arange(6)]
        assert np.array_equal(seen, sent)
        assert memory.usable.all() and not memory.width.any()


@pytest.mark.parametrize("mine", [0, 1, 2, 3, 4, 5])
def test_stages_leave_other_feeds_alone(mine: int) -> None:
    """A feed shows the same whatever the rules of the others (random numbers apart)."""
    quiet = Stages(
        PUSH,
        twap=[r for r in STAGES.twap if mine in r[1]],
        capped=[r for r in STAGES.capped if mine in r[1]],
        confidence=[r for r in STAGES.confidence if mine in r[1]],
    )
    loud = Stages(PUSH, twap=STAGES.twap, capped=STAGES.capped, confidence=STAGES.confidence)
    prices = walk(3, 100, 6)
    one, other = begin(quiet, prices[0], 100), begin(loud, prices[0], 100)
    for step in range(1, 101):
        left = publish_all(one[0], one[1], one[2], one[3], step, prices[step])
        right = publish_all(other[0], other[1], other[2], other[3], step, prices[step])
        assert np.array_equal(left[:, mine], right[:, mine])
        assert np.array_equal(one[1].width[:, mine], other[1].width[:, mine])
