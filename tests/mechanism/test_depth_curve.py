"""The depth curve: knees of curves that have one, and the same numbers as `check` at each depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.exposure import check
from seawall.foundation.errors import InputError
from seawall.mechanism.depth_curve import FACTORS, depth_curve, find_knee

HALVINGS = np.log2(1.0 / np.array(FACTORS))


def bent(knee: float, shoulder: float, slopes: tuple[float, float, float]) -> np.ndarray:
    """A curve of three lines, as a function of halvings of depth."""
    first, middle, last = slopes
    rise = np.maximum(HALVINGS - knee, 0.0) * (middle - first)
    return 0.05 + first * HALVINGS + rise + np.maximum(HALVINGS - shoulder, 0.0) * (last - middle)


def test_the_knee_of_three_lines_is_where_they_meet() -> None:
    # Grid points of the joins: from the second to the last but one factor in 40 equal parts.
    grid = np.linspace(HALVINGS[1], HALVINGS[-2], 41)
    slopes = (0.01, 0.2, 0.05)
    found = find_knee(np.array(FACTORS), bent(grid[7], grid[25], slopes))
    assert found is not None
    assert found.knee == pytest.approx(0.5 ** grid[7], rel=1e-9)
    assert found.shoulder == pytest.approx(0.5 ** grid[25], rel=1e-9)
    assert found.slopes == pytest.approx(slopes, abs=1e-9)
    assert found.left < 1e-12


def test_a_knee_between_points_of_the_grid_is_found_nearby() -> None:
    for knee, shoulder in ((1.3, 3.3), (2.0, 4.1), (0.8, 2.9)):
        found = find_knee(np.array(FACTORS), bent(knee, shoulder, (0.0, 0.25, 0.02)))
        assert found is not None
        assert -np.log2(found.knee) == pytest.approx(knee, abs=0.12)
        assert -np.log2(found.shoulder) == pytest.approx(shoulder, abs=0.12)


def test_curves_that_only_flatten_or_are_straight_have_no_knee() -> None:
    assert find_knee(np.array(FACTORS), np.full(len(FACTORS), 0.3)) is None
    assert find_knee(np.array(FACTORS), 0.1 * np.sqrt(HALVINGS + 1.0)) is None


def crowded(depth: float = 2e6) -> Case:
    """A desk behind eight others at the same leverage or more; their sales sink each other."""
    crowd = [
        Trader("perps", [Held("BTC-PERP", 50.0, 100.0)], {"USD": 5000.0 * margin})
        for margin in np.linspace(0.05, 0.2, 8)
    ]
    desk = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 150.0}, owner="us")
    short = Trader("perps", [Held("BTC-PERP", -410.0, 100.0)], {"USD": 1e6})
    return tiny_case(
        [desk, *crowd, short],
        [perpetual("BTC-PERP", "BTC")],
        {"perps": perpetuals_venue(("fund",), fund=1e7)},
        {"BTC": coin(100.0, depth, 0.9)},
        step_seconds=2400.0,
    )


def test_each_point_is_what_check_says_of_a_case_with_that_depth() -> None:
    factors = (1.0, 0.5, 0.25, 0.1, 0.05)
    found = depth_curve(crowded(), factors=factors, paths=40, seed=5)
    assert found["scope"] == "desk:us"
    for row in found["curve"]:
        result = check(crowded(2e6 * row["depth"]), paths=40, seed=5)
        scope = result["dre"]["scopes"]["desk:us"]
        assert row["dre"]["value"] == scope["probability"][-1]
        assert row["dre"]["low"] == scope["low"][-1]
        debt = result["system"]["bad_debt_mean"]
        assert row["bad_debt"]["value"] == pytest.approx(debt, rel=1e-9, abs=1e-9)
        if scope["impaired_paths"][-1]:
            loss = scope["expected_loss"][-1] * scope["probability"][-1]
            # Paths that were impaired and end with a gain count as 0 here, as a gain there; the
            # desk has 150 to lose.
            assert (
                loss - 1e-9 <= row["expected_loss"]["value"] <= 150.0 * row["dre"]["value"] + 1e-9
            )
    values = [row["dre"]["value"] for row in found["curve"]]
    assert values[-1] > values[0], "depth must matter, or the test tests nothing"


@pytest.mark.slow
def test_same_seed_same_answer_and_scopes_by_name() -> None:
    factors = (1.0, 0.6, 0.4, 0.2, 0.1)
    one = depth_curve(crowded(), factors=factors, paths=20, scope="protocol", seed=2)
    assert one == depth_curve(crowded(), factors=factors, paths=20, scope="protocol", seed=2)
    assert one["scope"] == "protocol"
    for row in one["curve"]:
        for key in ("dre", "expected_loss", "bad_debt"):
            assert row[key]["low"] <= row[key]["value"] <= row[key]["high"]


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(InputError, match="scope 'desk:you'"):
        depth_curve(crowded(), paths=2, scope="desk:you")
    with pytest.raises(InputError, match="at least five"):
        depth_curve(crowded(), paths=2, factors=(1.0, 0.5))
    no_desk = replace(crowded(), book=replace(crowded().book, account_kind=crowd_kinds()))
    found = depth_curve(no_desk, factors=(1.0, 0.8, 0.6, 0.4, 0.2), paths=2)
    assert found["scope"] == "protocol"


def crowd_kinds() -> tuple[object, ...]:
    from seawall.book import AccountKind

    return tuple(AccountKind.CROWD for _ in crowded().book.account_kind)
