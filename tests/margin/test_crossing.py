"""Where a buffer is 0 between two prices, against roots that are known, and in few turns."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.margin.liquidation_price.crossing import Known, crossing, narrowed, together

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
