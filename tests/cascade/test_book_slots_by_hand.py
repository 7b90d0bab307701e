"""What an order-book venue's liquidation slots do inside the loop, worked by hand.

One desk is long 100 ETH from 100 with 300 of cash; maintenance is 1%. At 97.5 its equity is 50
against 97.5. Steps of 60 s, no impact unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    events,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import EventKind, Tape
from seawall.exposure.impairment import desk_impairment
from seawall.foundation.errors import InputError
from seawall.venues import Liquidation

LONG = Trader("v", [Held("ETH-P", 100.0, 100.0)], {"USD": 300.0}, owner="me")
FALL = [100.0] + [97.5] * 6
DUTCH = {
    "rule": "dutch_account",
    "start": 0.98,
    "cutoff": 0.8,
    "fast_seconds": 60.0,
    "slow_seconds": 300.0,
    "buffer": 0.2,
    "insolvent_seconds": 300.0,
}


def play(
    mechanisms: dict[str, Any],
    eth: Sequence[float] = FALL,
    layers: tuple[str, ...] = ("fund", "socialised"),
    depth: float = float("inf"),
    liquidation: Liquidation | None = None,
    **capital: float,
) -> tuple[Setup, Tape, State]:
    rulebook = perpetuals_venue(layers, liquidation=liquidation, **capital)
    case = tiny_case(
        [LONG],
        [perpetual("ETH-P", "ETH")],
        {"v": replace(rulebook, mechanisms=mechanisms)},
        {"ETH": coin(100.0, depth)},
    )
    return run_case(case, paths_of(case, ETH=eth))


def steps(tape: Tape, kind: EventKind) -> list[int]:
    return [step for _, step, _, _ in events(tape, kind)]


def test_sizes_of_a_forced_order() -> None:
    """Buffer 20%: f (117 - 0) = 117 - 50, 57.3 of 100 go and equity 50 is 1.2 x maintenance."""
    _, tape, state = play({"sizing": {"rule": "just_enough", "buffer": 0.2}})
    size = state.holdings.size[0, 0]
    assert size == pytest.approx(100.0 * 50.0 / 117.0)
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    assert tape.desk_equity[0, -1, 0] == pytest.approx(1.2 * 0.01 * size * 97.5)
    _, _, state = play({"sizing": {"rule": "full"}})
    assert state.holdings.size[0, 0] == 0.0
    # The partial close that the rulebook states cuts 20% once, then everything.
    cut = Liquidation("orderbook", partial_fraction=0.2, cooldown_seconds=60.0)
    _, tape, _ = play({}, liquidation=cut)
    assert tape.notional[:2] == pytest.approx([1_950.0, 7_800.0])
    _, tape, _ = play({"sizing": {"rule": "full"}}, liquidation=cut)
    assert tape.notional == pytest.approx([9_750.0])


def test_just_enough_counts_its_own_impact_and_fees() -> None:
    """A depth of 4e6 and a fee of 0.1%: after the sale, at the price it paid, equity is M."""
    rule = Liquidation("orderbook", fee=0.001)
    mechanisms = {"sizing": {"rule": "just_enough"}}
    _, tape, state = play(mechanisms, FALL[:2], depth=4e6, liquidation=rule)
    size = float(state.holdings.size[0, 0])
    sold = 100.0 - size
    b = sold * 97.5 / 4e6
    cost = sold * 97.5 * (1.0 - (1.0 - b / 2 + b * b / 6)) + 0.001 * sold * 97.5
    assert 50.0 - cost == pytest.approx(0.01 * size * 97.5, rel=1e-6)
    assert tape.fee.sum() == pytest.approx(0.001 * sold * 97.5)


def test_a_margin_call_takes_cash_from_outside() -> None:
    """Paid at once or a step later: 1.1 x 97.5 - 50 = 57.25. Nobody is closed."""
    call = {"grace_seconds": 120.0, "cure_probability": 1.0}
    setup, tape, state = play({"margin_call": call})
    assert tape.notional[tape.kind == EventKind.TOP_UP] == pytest.approx([57.25])
    assert tape.desk_equity[0, -1, 0] == pytest.approx(107.25)
    assert state.accounts.assets["outside"][0, 0, setup.quote] == pytest.approx(-57.25)
    assert not steps(tape, EventKind.LIQUIDATION)
    _, tape, _ = play({"margin_call": {"grace_seconds": 120.0}})
    assert steps(tape, EventKind.MARGIN_CALL) == [1] and steps(tape, EventKind.LIQUIDATION) == [3]


def test_what_an_owner_paid_in_is_lost_with_the_account() -> None:
    """100 ETH from 100 to 97.5: 250, with 57.25 paid in. Closed at 96: 400 in all, 357.25 of own
    money and 42.75 of the fund's: equity of 107.25 - 150.
    """
    call = {"grace_seconds": 60.0, "cure_probability": 1.0, "immediate_below": 0.5}
    setup, tape, _ = play({"margin_call": call}, [100.0, 97.5, 97.5, 96.0, 96.0], fund=1_000.0)
    assert steps(tape, EventKind.TOP_UP) == [1] and steps(tape, EventKind.LIQUIDATION) == [3]
    found = desk_impairment(setup, tape, "me")
    assert found.loss[0] == pytest.approx([0.0, 250.0, 250.0, 357.25, 357.25])
    assert tape.closed_loss == pytest.approx([357.25])
    assert tape.fund.sum() == pytest.approx(42.75)


def test_an_account_for_sale_in_shares() -> None:
    """V = 50, M = -47.5, B = -47.5 - .2 x 97.5 = -67; D = .98: f = 67 / (67 + 49) = .577586.

    The bidder gets f x 50 x .02 = 0.5776. Then B is 0: the account keeps 42.24 ETH.
    """
    _, tape, state = play({"auction": DUTCH})
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    assert state.holdings.size[0, 0] == pytest.approx(100.0 * (1.0 - 67.0 / 116.0))
    assert tape.keeper.sum() == pytest.approx(-(67.0 / 116.0))
    value = 50.0 - 67.0 / 116.0
    net = value - 0.01 * 97.5 * float(state.holdings.size[0, 0])
    assert net + 0.2 * (net - value) == pytest.approx(0.0, abs=1e-9)


def test_gas_makes_the_bidder_wait_for_a_lower_price() -> None:
    """Gas of 10: at step 2 D = .8, f = 67 / (67 + 40) = .6262, f x 50 x .2 = 6.26: too little.
    D falls by .16 a minute: .64 at step 3, f = .6768, 12.18 pays.
    """
    rule = Liquidation("orderbook", gas=10.0)
    _, tape, _ = play({"auction": DUTCH}, liquidation=rule)
    assert steps(tape, EventKind.LIQUIDATION) == [3]
    share = 67.0 / (67.0 + 50.0 * 0.64)
    assert tape.keeper.sum() == pytest.approx(-(share * 50.0 * 0.36 - 10.0))


def test_an_insolvent_account_pays_its_bidder_from_the_fund() -> None:
    """At 96 the account is worth -100 and maintenance is 96. Nobody takes it for nothing at gas 10;
    a minute later 96 / 5 = 19.2 is offered. The fund pays 100 + 19.2.
    """
    rule = Liquidation("orderbook", gas=10.0)
    eth = [100.0] + [96.0] * 4
    setup, tape, state = play({"auction": DUTCH}, eth, liquidation=rule, fund=500.0)
    assert steps(tape, EventKind.LIQUIDATION) == [2]
    assert tape.keeper.sum() == pytest.approx(-9.2)
    assert tape.fund.sum() == pytest.approx(119.2)
    assert state.accounts.assets["fund"][0, 0, setup.quote] == pytest.approx(500.0 - 119.2)
    assert state.holdings.size[0, 0] == 0.0 and state.holdings.cash[0, 0] == pytest.approx(0.0)


def test_the_bidder_bears_the_impact_of_its_sale() -> None:
    """Depth 1e5: selling 57.8 ETH moves the price by 5.6%, far more than the discount. It waits,
    until D is low enough, and the account's equity falls by the discount alone.
    """
    setup, tape, state = play({"auction": DUTCH}, [100.0] + [97.5] * 8, depth=4e6)
    first = steps(tape, EventKind.LIQUIDATION)[0]
    assert first > 1
    before, after = tape.desk_equity[0, first - 1, 0], tape.desk_equity[0, first, 0]
    assert before == pytest.approx(50.0)
    waited = 60.0 * (first - 1)
    discount = 0.8 * (1.0 - (waited - 60.0) / 300.0)
    share = 67.0 / (67.0 + 50.0 * discount)
    # What is left is marked at the moved price.
    moved = float(state.holdings.size[0, 0]) * (
        97.5 - tape.trough[0, setup.table.assets.index("ETH")]
    )
    assert after == pytest.approx(before - share * 50.0 * (1.0 - discount) - moved, rel=0.02)
    assert tape.keeper.sum() < 0


def test_the_vault_works_off_what_it_took() -> None:
    """Taken at 97.5, mean 600 s: 1 - exp(-.1) goes per step, from the step after."""
    rule = Liquidation("orderbook", backstop_ratio=2 / 3)
    layers = ("backstop",)
    how: dict[str, Any] = {"liquidation": rule, "layers": layers, "backstop": 1_000.0}
    setup, tape, state = play({"backstop": {"seconds": 600.0}}, **how)
    assert steps(tape, EventKind.BACKSTOP) == [1]
    left = 100.0 * np.exp(-0.5)
    assert state.accounts.vault_contracts[0, 0] == pytest.approx(left)
    assert state.accounts.book_contracts[0, 0] == pytest.approx(-left)
    assert vault_equity(setup, state, np.array([0]), 0) == pytest.approx([1_050.0])
    _, _, kept = play({}, **how)
    assert kept.accounts.vault_contracts[0, 0] == 100.0
    # With impact it pays for its own sales.
    setup, tape, state = play({"backstop": {"seconds": 60.0}}, depth=1e5, **how)
    assert vault_equity(setup, state, np.array([0]), 0)[0] < 1_049.0
    assert tape.trough[0, setup.table.assets.index("ETH")] < 96.0


@pytest.mark.parametrize(
    ("mechanisms", "said"),
    [
        ({"keepers": {"kinds": [{"count": 1}]}}, "no keeper"),
        (
            {"auction": {"rule": "falling_price", "start": 1.0, "floor": 0.5, "seconds": 9.0}},
            "loans",
        ),
        ({"soft": {"bands": 4, "amplification": 100.0}}, "loans"),
        ({"backstop": {"seconds": 60.0}}, "no backstop"),
        ({"sizing": {"rule": "some"}}, "some"),
    ],
)
def test_what_an_order_book_has_no_use_for_is_refused(
    mechanisms: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        play(mechanisms)
