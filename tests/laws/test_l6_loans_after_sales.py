"""Law L6 where a forced sale moves the market at which keepers of a later venue judge a loan."""

from __future__ import annotations

import pytest
from test_l6_same_tape import assert_same
from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.venues import Collateral, Liquidation


@pytest.mark.parametrize("later", ["lends", "sells"])
def test_a_loan_that_is_wanted_only_after_a_sale_is_called(later: str) -> None:
    """At 97 a call of the loan earns less than its gas; the sale of 10 moves ETH far enough."""
    terms = Collateral(0.8, 0.83, 0.05)
    keepers = Liquidation("keeper", gas=5.0, close_factor=0.5, full_below=0.5)
    traders = [
        Trader("sells", [Held("ETH-PERP", 10.0, 100.0)], {"USD": 30.0}),
        Trader("lends", (), {"BTC": 1.0, "ETH": -0.82}),
    ]
    case = tiny_case(
        traders if later == "lends" else traders[::-1],
        [perpetual("ETH-PERP", "ETH")],
        {
            "sells": perpetuals_venue(("fund",), fund=1e6),
            "lends": lending_venue({"BTC": terms, "ETH": terms}, liquidation=keepers),
        },
        {"ETH": coin(100.0, 4_000.0), "BTC": coin(100.0, 1e7)},
    )
    setup = prepare(case)
    paths = paths_of(case, ETH=[100.0, 97.0, 97.0], BTC=[100.0, 95.0, 95.0])
    plain = run(setup, paths)[0]
    loan = int(setup.table.venues.index("lends"))
    mine = setup.table.units.venue[plain.unit] == loan
    assert plain.step[mine].tolist()[:1] == [1]
    assert_same(plain, run_fast(setup, paths)[0], "compiled")
