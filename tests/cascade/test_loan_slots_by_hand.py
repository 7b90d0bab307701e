"""What loans' slots do inside the loop, worked by hand.

One loan: 10 ETH against 800 USD, liquidation threshold 83%, bonus 5%; at 95 its health factor is
788.5 / 800. Steps of 60 s. Nothing has impact or gas unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tiny_cases import Trader, coin, events, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.foundation.errors import InputError
from seawall.liquidation.soft_bands import SoftBands, edges, top_price, trade
from seawall.venues import Collateral, Liquidation, Rulebook

TERMS = Collateral(0.8, 0.83, 0.05)
FALL = [100.0] + [95.0] * 8
PLAIN = {"kinds": [{"count": 1}]}


def lender(mechanisms: dict[str, Any], fund: float = 0.0, **how: Any) -> Rulebook:
    rule = Liquidation("keeper", **how)
    book = lending_venue({"ETH": TERMS}, fund=fund, liquidation=rule)
    return Rulebook(**{**vars(book), "mechanisms": mechanisms})


def play(
    mechanisms: dict[str, Any], eth: Sequence[float] = FALL, loans: int = 1, **how: Any
) -> tuple[Setup, Tape, State]:
    trader = Trader("l", (), {"ETH": 10.0, "USD": -800.0}, owner="me")
    case = tiny_case([trader] * loans, [], {"l": lender(mechanisms, **how)}, {"ETH": coin(100.0)})
    return run_case(case, paths_of(case, ETH=eth))


def steps(tape: Tape, kind: EventKind) -> list[int]:
    return [step for _, step, _, _ in events(tape, kind)]


def left(setup: Setup, state: State) -> tuple[float, float]:
    """Coins and debt of the first loan."""
    sizes = dict(zip(setup.table.rows.asset.tolist(), state.holdings.size[0].tolist(), strict=True))
    eth, usd = (setup.table.assets.index(name) for name in ("ETH", "USD"))
    return sizes[eth], -sizes[usd]


def test_a_fixed_bonus_is_taken_at_once() -> None:
    """800 repaid, 840 seized: 840 / 95 = 8.8421 coins at step 1."""
    setup, tape, state = play({})
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    assert left(setup, state) == (pytest.approx(10.0 - 840.0 / 95.0), pytest.approx(0.0))


def test_a_falling_price_waits_for_a_profit_and_takes_less() -> None:
    """From 1.2 to 0.6 in ten steps: 0.96 at step 5, where 800 / .96 / 95 = 8.7719 coins go."""
    auction = {"rule": "falling_price", "start": 1.2, "floor": 0.6, "seconds": 600.0}
    setup, tape, state = play({"auction": auction})
    assert steps(tape, EventKind.LIQUIDATION) == [5]
    assert left(setup, state) == (pytest.approx(10.0 - 800.0 / 0.96 / 95.0), pytest.approx(0.0))
    # A keeper that asks for 12% of the 800 waits for 0.84 = D(360), which pays 19%.
    asks = {"kinds": [{"count": 1, "profit": 0.12}]}
    _, tape, _ = play({"auction": auction, "keepers": asks})
    assert steps(tape, EventKind.LIQUIDATION) == [7]


def test_a_bidder_alone_gets_the_lot_for_nothing_and_the_tape_says_so() -> None:
    """Seen at step 1, window of 60 s: at step 2 ten coins worth 950 go for 0; lenders lose 800."""
    batch = {"rule": "batch", "window_seconds": 60.0}
    setup, tape, state = play({"auction": batch, "keepers": PLAIN})
    assert steps(tape, EventKind.ZERO_BID) == steps(tape, EventKind.LIQUIDATION) == [2]
    assert tape.notional[tape.kind == EventKind.ZERO_BID] == pytest.approx([950.0])
    assert tape.keeper.sum() == pytest.approx(-950.0)
    assert tape.socialised.sum() == pytest.approx(800.0)
    assert left(setup, state) == (0.0, 0.0)


def test_a_second_bidder_makes_it_pay() -> None:
    """They ask for 2% and 5%: the second's 95 x .95 = 90.25 is the price, 8.8643 coins are sold."""
    batch = {"rule": "batch", "window_seconds": 60.0}
    two = {"kinds": [{"count": 1, "profit": 0.02}, {"count": 1, "profit": 0.05}]}
    setup, tape, state = play({"auction": batch, "keepers": two})
    assert steps(tape, EventKind.LIQUIDATION) == [2] and not steps(tape, EventKind.ZERO_BID)
    assert left(setup, state) == (pytest.approx(10.0 - 800.0 / 90.25), pytest.approx(0.0))
    assert tape.keeper.sum() == pytest.approx(-(95.0 - 90.25) * 800.0 / 90.25)


def test_latency_and_gas_keep_keepers_away() -> None:
    """With 120 s to see it, step 3. Restlessness starts at 1; the fall lifts the gas above 1.5."""
    slow = {"kinds": [{"count": 1, "latency_seconds": 120.0}]}
    assert steps(play({"keepers": slow})[1], EventKind.LIQUIDATION) == [3]
    poor = {"kinds": [{"count": 1, "gas_ceiling": 1.5}], "gas_volatility": 10.0}
    assert steps(play({"keepers": poor})[1], EventKind.LIQUIDATION) == []
    assert steps(play({"keepers": {**poor, "gas_volatility": 0.0}})[1], EventKind.LIQUIDATION) == [
        1
    ]


def test_capital_bounds_a_call_and_is_back_later() -> None:
    """At 90, 400 pays for half of the 800 at step 1 and is back after 180 s for the other half.

    In between 10 - 420 / 90 = 5.33 coins stand against 400: 398.4 / 400, still below.
    """
    keepers = {"kinds": [{"count": 1, "capital": 400.0}], "recycle_seconds": 180.0}
    _, tape, _ = play({"keepers": keepers}, [100.0] + [90.0] * 8)
    assert steps(tape, EventKind.LIQUIDATION) == [1, 4]
    assert tape.notional[tape.kind == EventKind.LIQUIDATION] == pytest.approx([420.0, 420.0])
    free = {"kinds": [{"count": 1}], "recycle_seconds": 180.0}
    _, tape, _ = play({"keepers": free}, [100.0] + [90.0] * 8)
    assert steps(tape, EventKind.LIQUIDATION) == [1]


def test_a_race_is_paid_for_and_a_failed_try_costs_gas() -> None:
    """A gain of 5% of 800 less 2 of gas = 38; half of it, 19, goes to the fund for priority.

    A keeper alone keeps it all. One who always fails loses 2 in each step.
    """
    race = {"kinds": [{"count": 2}], "priority_share": 0.5, "priority_to": "fund"}
    setup, tape, state = play({"keepers": race}, gas=2.0)
    assert tape.keeper.sum() == pytest.approx(-19.0)
    assert tape.fee.sum() == pytest.approx(19.0)
    assert state.accounts.assets["fund"][0, 0, setup.quote] == pytest.approx(19.0)
    alone = {**race, "kinds": [{"count": 1}]}
    assert play({"keepers": alone}, gas=2.0)[1].keeper.sum() == pytest.approx(-38.0)
    # A sure failure expects nothing, so nobody enters; one that fails almost always does try.
    bad = {"kinds": [{"count": 1, "failure": 1.0}]}
    assert play({"keepers": bad}, gas=2.0)[1].kind.size == 0
    unlucky = {"kinds": [{"count": 1, "failure": 0.94}]}
    _, tape, _ = play({"keepers": unlucky}, gas=2.0)
    failed = tape.keeper[tape.kind == EventKind.KEEPER_FAILED]
    assert failed.size > 0 and np.all(failed == 2.0)


def test_a_margin_call_waits_for_its_owner() -> None:
    """Called at step 1, closed at step 4 of a grace of 180 s; saved by the price at step 3."""
    call = {"grace_seconds": 180.0}
    _, tape, _ = play({"margin_call": call})
    assert steps(tape, EventKind.MARGIN_CALL) == [1]
    assert steps(tape, EventKind.LIQUIDATION) == [4]
    _, tape, _ = play({"margin_call": call}, [100.0, 95.0, 95.0, 98.0, 98.0, 98.0])
    assert steps(tape, EventKind.LIQUIDATION) == []
    # Equity 150 against maintenance 161.5: below 95% of it nobody waits.
    _, tape, _ = play({"margin_call": {**call, "immediate_below": 0.95}})
    assert steps(tape, EventKind.LIQUIDATION) == [1] and not steps(tape, EventKind.MARGIN_CALL)


def test_an_owner_repays_debt_from_outside() -> None:
    """Up to 1.2 x maintenance: 1.2 x 161.5 - 150 = 43.8 of debt, which lenders receive."""
    call = {"grace_seconds": 60.0, "cure_probability": 1.0, "cure_to": 1.2}
    setup, tape, state = play({"margin_call": call})
    assert steps(tape, EventKind.TOP_UP) == [1] and not steps(tape, EventKind.LIQUIDATION)
    assert tape.notional[tape.kind == EventKind.TOP_UP] == pytest.approx([43.8])
    assert left(setup, state) == (10.0, pytest.approx(756.2))
    assert state.accounts.assets["pool"][0, 0, setup.quote] == pytest.approx(43.8)
    assert state.accounts.assets["outside"][0, 0, setup.quote] == pytest.approx(-43.8)


SOFT = {"bands": 4, "amplification": 20.0, "room": 0.1, "discount": 0.06, "fee": 0.001}


def by_library(rule: SoftBands, prices: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Quote and coins of the loan's bands along prices."""
    edge = edges(rule, top_price(rule, np.array([10.0]), np.array([800.0]), np.array([100.0])))
    # A slow fall through the bands gives 800 / 0.9.
    middle = np.sqrt(0.95) * np.power(0.95, np.arange(4)).mean()
    assert edge[0, 0] == pytest.approx(800.0 / (10.0 * 0.9 * middle))
    x, y = np.zeros((1, 4)), np.full((1, 4), 2.5)
    for price in prices[1:]:
        at = np.full((1, 1), price)
        x, y = trade(rule, x, y, edge[:, :-1], at, at)
    return x, y


def test_bands_sell_with_the_oracle_and_shelter_the_loan() -> None:
    """The loop does what the library does band by band, from the top that 800 and 10 give."""
    rule = SoftBands(**SOFT)
    eth = [*np.geomspace(100.0, 84.0, 60), *np.geomspace(84.0, 90.0, 30)]
    setup, tape, state = play({"soft": SOFT}, eth)
    x, y = by_library(rule, eth)
    coins, debt = left(setup, state)
    assert (coins, debt) == (pytest.approx(y.sum()), 800.0)
    assert state.holdings.cash[0] == pytest.approx([x.sum()])
    assert 0 < coins < 10
    # At 84 the plain loan's health factor is 697 / 800: it would be gone.
    assert not steps(tape, EventKind.LIQUIDATION) and steps(tape, EventKind.SOFT)
    assert tape.fee.sum() > 0
    _, plain, _ = play({}, eth)
    assert steps(plain, EventKind.LIQUIDATION)


def test_a_jump_through_the_bands_ends_them_and_a_keeper_takes_the_rest() -> None:
    """To 70 in one step: the bands sell far below the market, their quote repays debt at step 1,
    the keeper calls at step 2, lenders lose what is left.
    """
    setup, tape, state = play({"soft": SOFT}, [100.0, 70.0, 70.0, 70.0])
    assert steps(tape, EventKind.SOFT) == [1]
    assert left(setup, state)[0] == pytest.approx(0.0, abs=1e-9)
    paid = float(state.accounts.assets["pool"][0, 0, setup.quote])
    assert tape.socialised.sum() == pytest.approx(800.0 - paid)
    x, _ = by_library(SoftBands(**SOFT), [100.0, 70.0])
    assert paid == pytest.approx(x.sum())
    assert 0 < paid < 700.0


@pytest.mark.parametrize(
    ("mechanisms", "said"),
    [
        ({"auction": {"rule": "batch", "window_seconds": 60.0}}, "nobody bids"),
        ({"sizing": {"rule": "just_enough"}}, "order book"),
        ({"backstop": {"seconds": 60.0}}, "order book"),
        ({"auction": {"rule": "english"}}, "english"),
        ({"keepers": {"kinds": [{"count": 0}]}}, "count"),
        ({"soft": {"bands": 4, "amplification": 1.0}}, "amplification"),
    ],
)
def test_what_a_lender_has_no_use_for_is_refused(mechanisms: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        play(mechanisms)
