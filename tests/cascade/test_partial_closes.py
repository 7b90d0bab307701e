"""How often an account is cut in part before everything is closed, and how long it waits."""

from __future__ import annotations

import pytest
from tiny_cases import Held, Trader, coin, paths_of, perpetual, perpetuals_venue, run_case
from tiny_cases import tiny_case as case_of

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.venues import Liquidation
from seawall.venues.preset import rulebook_from


def sold(
    steps: int | None, prices: list[float], cash: float = 50_000.0, **rule: float
) -> list[float]:
    """Share of a long of 10 BTC that each forced order closes."""
    rules = {"partial_fraction": 0.25, "partial_above": 0.0, "cooldown_seconds": 60.0, **rule}
    case = case_of(
        [Trader("v", [Held("BTC-PERP", 10.0, 100_000.0)], {"USD": cash})],
        [perpetual("BTC-PERP", "BTC")],
        {
            "v": perpetuals_venue(
                fund=1e9,
                liquidation=Liquidation("orderbook", partial_steps=steps, **rules),
            )
        },
        {"BTC": coin(100_000.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=prices))
    price = [prices[s] for s in tape.step[tape.notional > 0]]
    return (tape.notional[tape.notional > 0] / price / 10.0).tolist()


# Equity 9,200 at 95,920; maintenance 1% of 959,200: one cut makes it healthy. 300 lower: not.
FALLING = [100_000.0, 95_920.0, 95_920.0, 95_500.0, 95_100.0, 95_100.0]


def test_one_partial_close_then_everything_is_the_default() -> None:
    assert sold(1, FALLING) == pytest.approx([0.25, 0.75])


def test_two_partial_closes_then_everything() -> None:
    lower = [100_000.0, 95_500.0, 95_400.0, 95_300.0, 95_200.0]
    assert sold(2, lower) == pytest.approx([0.25, 0.1875, 0.5625])


def test_without_a_number_of_steps_each_breach_cuts_until_healthy() -> None:
    """10 BTC: 5,000 of equity at 95,500 carry 5.2 BTC, after three cuts 4.2 are left."""
    still = [100_000.0] + [95_500.0] * 8
    assert sold(None, still) == pytest.approx([0.25, 0.1875, 0.140625])


def test_what_is_left_at_or_below_the_bound_is_closed() -> None:
    still = [100_000.0] + [95_100.0] * 8
    assert sold(None, still, partial_above=600_000.0) == pytest.approx([0.25, 0.1875, 0.5625])


def test_an_account_without_equity_is_closed_whole() -> None:
    """Partial closes save accounts that can still be saved."""
    assert sold(None, [100_000.0, 94_900.0, 94_900.0]) == pytest.approx([1.0])


def test_a_wait_shorter_than_the_step_lasts_one_step() -> None:
    assert sold(1, [100_000.0, 95_500.0, 95_500.0], cooldown_seconds=1.0) == pytest.approx(
        [0.25, 0.75]
    )


def liquidation_of(**keys: object) -> Liquidation:
    values = {"taker_fee": 0.0, "preset": "hyperliquid"}
    values["liquidation"] = {"fee": 0.0, **keys}
    values["waterfall"] = {"backstop": 1.0}
    return rulebook_from(values, file="v.toml").liquidation


def test_rulebooks_say_how_many_partial_closes() -> None:
    assert liquidation_of().partial_steps == 1
    assert liquidation_of(partial_steps=3).partial_steps == 3
    assert liquidation_of(partial_steps="until_healthy").partial_steps is None
    assert sample_case(10).rulebooks["sextant"].liquidation.partial_steps is None


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "forever", 5_000])
def test_a_wrong_number_of_partial_closes_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match=r"liquidation\.partial_steps"):
        liquidation_of(partial_steps=wrong)
