"""Where a buffer is 0 between two prices, against roots that are known, and in few turns."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.margin.liquidation_price.crossing import Known, crossing, narrowed, together
from seawall.margin.liquidation_price.search import FIRST_RUNGS, ladder, outwards

ROOT = 0.9876543
SHAPES = {
    "straight": lambda x: x - ROOT,
    "curved": lambda x: np.exp(20.0 * x) - np.exp(20.0 * ROOT),
    "kink": lambda x: np.where(x > ROOT, x - ROOT, 1e4 * (x - ROOT)),
    "jump": lambda x: np.where(x > ROOT, 1e-6 + (x - ROOT), -1e6),
    "step": lambda x: np.where(x > ROOT, 1.0, -1.0),
    "upright": lambda x: np.sign(x - ROOT) * np.abs(x - ROOT) ** 0.2,
}


def found(shape, safe, failed):
    turns = []

    def buffer(factor):
        assert np.all((factor > min(safe, failed)) & (factor < max(safe, failed)))
        turns.append(factor.size)
        return shape(factor)

    ends = (Known(x, float(shape(np.array([x]))[0])) for x in (safe, failed))
    return crossing(buffer, *ends), len(turns)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("upward", [False, True])
def test_the_root_is_found_to_a_part_in_10_to_the_12(name, upward) -> None:
    sign = 1.0 if upward else -1.0

    def shape(x):
        return SHAPES[name](ROOT + sign * (ROOT - x))

    for width in (1e-4, 0.01, 0.04):
        price, turns = found(shape, ROOT - sign * width, ROOT + sign * 0.7 * width)
        assert price == pytest.approx(ROOT, rel=3e-12)
        assert turns <= 30


def test_a_smooth_margin_takes_two_turns_from_a_ladder() -> None:
    """Four rungs 1% apart and a curve like a book of options: two evaluations, not seven."""

    def shape(x):
        return np.sqrt((x - 0.9) ** 2 + 0.04) - 0.215

    want = 0.9 + np.sqrt(0.215**2 - 0.04)
    rungs = np.array([1.0, 0.99, 0.98, 0.97, 0.96])
    turns = []

    def buffer(factor):
        turns.append(factor.size)
        return shape(factor)

    points = [Known(float(x), float(shape(x))) for x in rungs]
    assert together(buffer, [narrowed(points)])[0] == pytest.approx(want, rel=2e-12)
    assert turns == [3, 3]


def test_exactly_at_maintenance_is_the_price_itself() -> None:
    assert crossing(lambda x: 1.0 - x, Known(1.0, 0.0), Known(1.1, -0.1)) == 1.0


def test_a_buffer_that_is_no_number_in_between_ends_the_search_too() -> None:
    price, _ = found(lambda x: np.where(x < 1.05, np.where(x <= 1.0, 1.0, np.nan), -1.0), 1.0, 1.1)
    assert price == pytest.approx(1.05, rel=3e-12)


def test_searches_share_their_evaluations_and_end_one_by_one() -> None:
    """The first ends in its first turn, the second asks again; answers are not mixed up."""
    asked = []

    def buffer(factor):
        asked.append(factor.tolist())
        return -factor

    def once():
        return float((yield np.array([1.0, 2.0]))[1])

    def twice():
        seen = yield np.array([3.0])
        more = yield seen - 1.0
        return float(more[0])

    def never():
        return None
        yield

    assert together(buffer, [once(), twice(), never()]) == [-2.0, 4.0, None]
    assert asked == [[1.0, 2.0, 3.0], [-4.0]]


def told_all(rungs, first):
    """`outwards`, with every rung that it has seen as a known point: slow and obvious."""
    known, start = [Known(float(rungs[0]), first)], 1
    while start < rungs.size:
        part = rungs[start : start + max(FIRST_RUNGS, start - 1)]
        found = yield part
        known += [Known(f, b) for f, b in zip(part.tolist(), found.tolist(), strict=True)]
        start += part.size
        if (found < 0.0).any():
            return (yield from narrowed(known))
    return None


@pytest.mark.parametrize("upward", [False, True])
def test_the_rungs_beside_the_first_failure_are_all_that_a_search_needs(upward) -> None:
    """Bit for bit, wherever the first failure lies: on the first rung of a turn and on the last."""
    rungs = ladder(upward, np.zeros(0))
    draw = np.random.default_rng(4)
    places = set()
    for _ in range(300):
        end = int(draw.integers(1, rungs.size))
        bend, steep = draw.uniform(0.2, 3.0), draw.uniform(0.1, 40.0)
        away = float(abs(np.log(rungs[end - 1]))) + draw.uniform(1e-6, 0.01)

        def buffer(factor, away=away, bend=bend, steep=steep):
            # Falls to 0 at exp(+-away), bent, with a wave that never crosses 0 before.
            left = away - np.abs(np.log(factor))
            return np.sign(left) * np.abs(left) ** bend * (1.2 + np.sin(steep * left))

        now = float(buffer(np.ones(1))[0])
        (found,) = together(buffer, [outwards(rungs, now)])
        (want,) = together(buffer, [told_all(rungs, now)])
        assert found == want
        places.add(None if found is None else int(np.argmax(buffer(rungs) < 0.0)))
    assert len(places) > 40
