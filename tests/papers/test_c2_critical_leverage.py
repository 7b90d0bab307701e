"""C2: critical leverage under impact.

Idea: Caccioli, Bouchaud and Farmer, arXiv:1204.0922. Under the square-root law a full exit whose
last trade moves the price by I pays 2I/3 on average, so an account survives its own exit only with
leverage below 3/(2I), and maintenance margin without bad debt is at least 2I/3 (linear: I/2).
"""

from __future__ import annotations

import numpy as np
import pytest

from seawall.impact import linear
from seawall.impact.square_root import SquareRoot, average, displacement

CASES = [(0.05, 30.0), (0.10, 15.0), (0.30, 5.0)]


def flow_that_moves_by(impact: float, law: SquareRoot) -> float:
    """Share of daily volume whose sale moves the price by ``impact``."""
    return float((impact / law.strength) ** 2)


@pytest.mark.parametrize(("impact", "critical"), CASES)
@pytest.mark.parametrize("prefactor", [0.7, 1.0])
def test_square_root_exit_costs_two_thirds(
    impact: float, critical: float, prefactor: float
) -> None:
    law = SquareRoot(np.array(prefactor * 0.04))
    flow = flow_that_moves_by(impact, law)
    assert abs(displacement(law, -flow) - (1 - impact)) < 1e-12
    cost = 1.0 - float(average(law, 0.0, -flow))
    assert abs(cost - 2 * impact / 3) < 1e-9
    assert abs(1.0 / cost - critical) < 1e-9


@pytest.mark.parametrize(("impact", "critical"), CASES)
def test_an_account_is_solvent_below_the_critical_leverage_only(
    impact: float, critical: float
) -> None:
    law = SquareRoot(np.array(0.04))
    executed = float(average(law, 0.0, -flow_that_moves_by(impact, law)))
    for leverage, solvent in ((critical * 0.999, True), (critical * 1.001, False)):
        equity_after = 1.0 + leverage * (executed - 1.0)
        assert (equity_after > 0.0) is solvent


@pytest.mark.parametrize("impact", [0.0001, 0.001, 0.01])
def test_linear_exit_costs_half(impact: float) -> None:
    # A long position sold: log-price falls by I, the mean price by I/2 to first order in I.
    cost = 1.0 - float(linear.average(0.0, -impact))
    assert abs(cost / impact - 0.5) < impact / 5
    assert abs(cost / impact - (1 + np.expm1(-impact) / impact) / impact) < 1e-6
