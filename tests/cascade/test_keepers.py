"""What keepers call: any collateral that counts, in a size that pays, with its interest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tiny_cases import (
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.market import AssetState
from seawall.venues import Collateral, Liquidation

TERMS = Collateral(0.8, 0.83, 0.05)
HALF = Liquidation("keeper", close_factor=0.5, full_below=0.95)


def liquidations(
    balances: Mapping[str, float],
    assets: Mapping[str, AssetState],
    eth: list[float],
    rule: Liquidation = HALF,
) -> tuple[np.ndarray, float]:
    """Notional of each call, and the desk's equity at the end."""
    counted = {name: TERMS for name in assets if name != "PT"}
    case = tiny_case(
        [Trader("l", (), balances, owner="me")],
        [],
        {"l": lending_venue(counted, liquidation=rule)},
        assets,
    )
    _, tape, _ = run_case(case, paths_of(case, ETH=eth))
    return tape.notional[tape.kind == EventKind.LIQUIDATION], float(tape.desk_equity[0, -1, 0])


def test_a_balance_that_is_no_collateral_is_not_seized() -> None:
    """Twice as much of an asset that does not count changes nothing about the loan's calls."""
    assets = {"ETH": coin(3_000.0, depth=1e9), "PT": coin(1.0, depth=1e9)}
    eth = [3_000.0, 2_800.0, 2_800.0]
    loan = {"ETH": 1_000.0, "USD": -2.4e6}
    with_it, equity = liquidations({**loan, "PT": 4e6}, assets, eth)
    without, alone = liquidations(loan, assets, eth)
    assert without.size > 0
    assert with_it == pytest.approx(without)
    assert equity == pytest.approx(alone + 4e6)


def test_when_the_largest_collateral_does_not_sell_the_next_is_taken() -> None:
    """A market one dollar deep buys nothing at any size; the other collateral pays."""
    assets = {"ETH": coin(3_000.0, depth=1e9), "ILQ": coin(1.0, depth=1.0)}
    loan = {"ETH": 1_000.0, "ILQ": 3.3e6, "USD": -0.8 * 6.3e6}
    called, _ = liquidations(loan, assets, [3_000.0, 2_700.0, 2_700.0])
    assert called.size > 0


def test_a_large_loan_is_called_in_smaller_pieces() -> None:
    """A depth of 1e8 takes 1e6 for 1%, not the 2.4e7 that half of the loan would be."""
    assets = {"ETH": coin(3_000.0, depth=1e8)}
    for ether in (1_000.0, 20_000.0):
        loan = {"ETH": ether, "USD": -ether * 2_400.0}
        called, _ = liquidations(loan, assets, [3_000.0, 2_850.0, 2_850.0])
        assert called.size > 0, ether


def test_gas_bounds_how_small_a_call_may_be() -> None:
    """The bonus of any call that the market takes is below the gas: nobody calls."""
    assets = {"ETH": coin(3_000.0, depth=1e8)}
    rule = Liquidation("keeper", close_factor=0.5, full_below=0.95, gas=1e6)
    loan = {"ETH": 20_000.0, "USD": -20_000.0 * 2_400.0}
    called, _ = liquidations(loan, assets, [3_000.0, 2_850.0, 2_850.0], rule)
    assert called.size == 0


def test_interest_is_repaid_with_the_debt_and_nothing_is_stranded() -> None:
    """A month at 20% a year, then a crash: no call leaves interest behind as cash owed."""
    dai = AssetState(1.0, 1.0, 1.0, 0.0, float("inf"), float("inf"), borrow_rate=0.2)
    case = tiny_case(
        [Trader("l", (), {"ETH": 1_000.0, "DAI": -2.4e6})],
        [],
        {"l": lending_venue({"ETH": TERMS})},
        {"ETH": coin(3_000.0, depth=1e12), "DAI": dai},
        step_seconds=86_400.0,
    )
    path = [3_000.0] * 30 + [2_000.0, 1_990.0, 1_980.0]
    _, tape, state = run_case(case, paths_of(case, ETH=path))
    owed = 2.4e6 * (1.0 + 0.2 * 30 / 365)
    assert events(tape, EventKind.LIQUIDATION)
    assert state.holdings.cash[0] == pytest.approx([0.0])
    assert state.holdings.size[0] == pytest.approx([0.0, 0.0])
    assert tape.socialised.sum() == pytest.approx(owed - 2e6 / 1.05, rel=1e-9)
    assert tape.open_deficit.sum() == 0.0
    # Lenders have what was repaid, interest included, and the write-off is all they lack.
    pool = state.accounts.assets["pool"][0, 0]
    names = case.book.assets
    assert pool[names.index("DAI")] + pool[names.index("USD")] == pytest.approx(2e6 / 1.05)
