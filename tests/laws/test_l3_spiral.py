"""L3: the ratio debt/collateral worsens iff LTV > 1/(1 + bonus); the dollar shortfall worsens iff
threshold x (1 + bonus) > 1. Through the keeper's formula and through the engine.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from law_runs import ALL, RUNS
from random_cases import EXAMPLES, laws
from tiny_cases import Trader, coin, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade import reference
from seawall.liquidation.keeper import seizure
from seawall.venues import Collateral, Liquidation

RATIO = "L3: debt/collateral worsens iff loan-to-value > 1/(1 + bonus)"
SHORTFALL = "L3: the dollar shortfall worsens iff threshold x (1 + bonus) > 1"

LTV = st.floats(0.5, 1.5)
BONUS = st.floats(0.0, 0.3)
THRESHOLD = st.floats(0.5, 1.0)
SHARE = st.floats(0.05, 1.0)

# A run of many Cases asks as many of this law as of the others.
many = settings(laws, max_examples=RUNS if RUNS >= ALL else EXAMPLES)


def judge(
    ltv: float, bonus: float, threshold: float, debt: tuple[float, float], held: tuple[float, float]
) -> None:
    """Hold both laws to debt and collateral values (before, after) one keeper call."""
    # debt_1/held_1 > debt_0/held_0, written without the quotient: all collateral may be gone.
    worse = debt[1] * held[0] > debt[0] * held[1]
    assert worse == (ltv > 1.0 / (1.0 + bonus)), RATIO
    lack = [d - threshold * c for d, c in zip(debt, held, strict=True)]
    assert (lack[1] > lack[0]) == (threshold * (1.0 + bonus) > 1.0), SHORTFALL


@many
@given(LTV, BONUS, THRESHOLD, SHARE, st.floats(0.01, 1e5), st.floats(0.01, 1e5))
def test_the_keepers_formula(
    ltv: float, bonus: float, threshold: float, share: float, c_price: float, d_price: float
) -> None:
    assume(abs(ltv * (1.0 + bonus) - 1.0) > 1e-9)
    assume(abs(threshold * (1.0 + bonus) - 1.0) > 1e-9)
    held, debt = 1_000.0 / c_price, 1_000.0 * ltv / d_price
    one = np.ones(1)
    repaid, seized = seizure(
        debt * one, d_price * one, held * one, c_price * one, share * one, bonus * one
    )
    after_debt = (debt - float(repaid[0])) * d_price
    after_held = (held - float(seized[0])) * c_price
    assert after_debt >= -1e-9 and after_held >= -1e-9, (
        "L3: nobody repays or seizes more than is there"
    )
    judge(ltv, bonus, threshold, (1_000.0 * ltv, after_debt), (1_000.0, max(after_held, 0.0)))


@many
@given(LTV, BONUS.filter(lambda b: b > 1e-3), THRESHOLD, SHARE)
def test_one_call_in_the_engine(ltv: float, bonus: float, threshold: float, share: float) -> None:
    assume(ltv > threshold * (1.0 + 1e-9))  # else nobody may call
    assume(abs(ltv * (1.0 + bonus) - 1.0) > 1e-6)
    assume(abs(threshold * (1.0 + bonus) - 1.0) > 1e-6)
    lender = lending_venue(
        {"ETH": Collateral(0.5, threshold, bonus)},
        liquidation=Liquidation("keeper", close_factor=share, full_below=0.0),
    )
    trader = Trader("lender", [], {"ETH": 10.0, "USD": -1_000.0 * ltv})
    case = tiny_case([trader], [], {"lender": lender}, {"ETH": coin(100.0)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "MAX_ROUNDS", 1)
        _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 100.0]))
    assert tape.path.size == 1
    sizes = sorted(state.holdings.size[0].tolist())
    judge(ltv, bonus, threshold, (1_000.0 * ltv, -sizes[0]), (1_000.0, 100.0 * sizes[1]))


def test_a_spiral_runs_to_the_end_only_in_the_toxic_region() -> None:
    """Bonus 10%: at an LTV of .93 > 1/1.1 repeated calls end in bad debt, at .88 in health."""
    for ltv, debt_left in ((0.93, True), (0.88, False)):
        lender = lending_venue(
            {"ETH": Collateral(0.5, 0.85, 0.10)},
            ("socialised",),
            liquidation=Liquidation("keeper", close_factor=0.1, full_below=0.0),
        )
        trader = Trader("lender", [], {"ETH": 10.0, "USD": -1_000.0 * ltv})
        case = tiny_case([trader], [], {"lender": lender}, {"ETH": coin(100.0)})
        _, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 100.0]))
        # All of the collateral repays 1000/1.1 of debt.
        expected = 1_000.0 * (ltv - 1.0 / 1.1) if debt_left else 0.0
        assert tape.socialised.sum() == pytest.approx(expected), RATIO
