"""The attacker's profit in the answer: cash on the tape, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from summed import summed
from tiny_cases import Trader, coin, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade.attack import profit
from seawall.exposure.attacker_profit import attacker_money, attacker_profit
from seawall.exposure.system import system_numbers
from seawall.market import Scenario
from seawall.venues import Collateral

TERMS = Collateral(0.8, 0.85, 0.05)


def test_profit_is_cash_and_waits_for_the_exit() -> None:
    """A pump of 10% sold a step later: until then it shows what it paid."""
    traders = [Trader("l", (), {"USD": 1e6})]
    case = tiny_case(
        traders,
        [],
        {"l": lending_venue({"BTC": TERMS})},
        {"BTC": coin(100.0, 1e6)},
        scenario=Scenario(recovery_seconds=600.0),
    )
    plan: dict[str, Any] = {"asset": "BTC", "venue": "l", "scheme": "sell", "move": 0.1}
    plan |= {"at_seconds": 60.0, "hold_seconds": 60.0}
    case = replace(case, market=replace(case.market, mechanisms={"attacker": plan}))
    setup, tape, state = run_case(case, paths_of(case, BTC=[100.0] * 4))
    # One depth buys about log(1.1) of 1e6 quote.
    early = attacker_profit(attacker_money(tape, 1))
    assert early["profit_mean"] == pytest.approx(-95_310.0, rel=1e-3)
    found = system_numbers(setup, summed(setup, tape, 3), 3)["attacker"]
    assert found == attacker_profit(attacker_money(tape, 3))
    assert found["profit_mean"] == pytest.approx(float(np.mean(profit(state))), rel=1e-9)
    assert found["profit_mean"] < 0.0 and found["profit_share"] == 0.0
