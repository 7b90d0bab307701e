"""C6: the toxic liquidation spiral of Warmuz, Chaudhary and Pinna, arXiv:2212.07306.

Liquidating lowers the loan-to-value iff it is below 1 / (1 + bonus); the dollar shortfall
debt - threshold x collateral falls iff threshold x (1 + bonus) < 1. Figures: bonus 5%, a keeper
repays 1% of the collateral's value: .93 becomes .92976, .97 becomes .97019; at a threshold of .825
the shortfall falls at both.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Trader, coin, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade import reference
from seawall.liquidation.keeper import seizure
from seawall.venues import Collateral, Liquidation

BONUS = 0.05
THRESHOLD = 0.825
FIGURES = [(0.93, "0.92976"), (0.97, "0.97019")]
TOXIC = 1.0 / (1.0 + BONUS)


def by_formula(ltv: float) -> tuple[float, float]:
    """Debt and collateral value per unit of collateral value after one call, from the formula."""
    one = np.ones(1)
    repaid, seized = seizure(ltv * one, one, one, one, 0.01 / ltv * one, BONUS * one)
    return ltv - float(repaid[0]), 1.0 - float(seized[0])


def by_engine(ltv: float) -> tuple[float, float]:
    """The same through one round of the engine on a loan of 1,000 ETH at 100."""
    lender = lending_venue(
        {"ETH": Collateral(0.8, THRESHOLD, BONUS)},
        liquidation=Liquidation("keeper", close_factor=0.01 / ltv, full_below=0.0),
    )
    trader = Trader("lender", [], {"ETH": 1_000.0, "USD": -100_000.0 * ltv})
    case = tiny_case([trader], [], {"lender": lender}, {"ETH": coin(100.0)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "MAX_ROUNDS", 1)
        _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 100.0]))
    assert tape.notional == pytest.approx([1_050.0])
    debt, held = sorted(state.holdings.size[0].tolist())
    return -debt / 1e5, held / 1e3


@pytest.mark.parametrize(("ltv", "printed"), FIGURES)
@pytest.mark.parametrize("way", [by_formula, by_engine])
def test_published_figures(way: object, ltv: float, printed: str) -> None:
    debt, held = way(ltv)  # type: ignore[operator]
    assert f"{debt / held:.5f}" == printed
    assert debt / held == pytest.approx((ltv - 0.01) / (1.0 - 0.01 * (1.0 + BONUS)), rel=1e-9)
    assert (debt / held > ltv) == (ltv > TOXIC)
    assert debt - THRESHOLD * held < ltv - THRESHOLD, "the dollar shortfall falls at both"


def test_the_border_is_one_over_one_plus_bonus() -> None:
    for ltv, worse in ((TOXIC * (1 - 1e-6), False), (TOXIC * (1 + 1e-6), True)):
        debt, held = by_formula(ltv)
        assert (debt / held > ltv) is worse
