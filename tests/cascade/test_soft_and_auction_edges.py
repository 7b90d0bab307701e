"""Edges of bands, auctions, margin calls and price bands over several steps, each worked by hand.

Steps of 60 s. The loan is 10 ETH against 800 USD, the long 100 ETH from 100 with 300 of cash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_book_slots_by_hand import DUTCH, play, steps
from test_breakers_by_hand import BUST, PASSING
from test_loan_slots_by_hand import SOFT, by_library, left
from test_loan_slots_by_hand import play as lend
from tiny_cases import (
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.engine import Runs, path_worlds, prepare
from seawall.cascade.reference import run
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind
from seawall.case import Case
from seawall.exposure.channels import CHANNELS, world_with
from seawall.instruments import Perpetual
from seawall.liquidation.dutch_auction import DutchAuction, bid
from seawall.liquidation.soft_bands import SoftBands
from seawall.market import Scenario
from seawall.venues import Collateral, Liquidation

RULE = DutchAuction(**{key: x for key, x in DUTCH.items() if key != "rule"})
PERP = perpetual("BTC-PERP", "BTC")


def failing(case: Case, out: str, at: float, lasts: float) -> Case:
    outage = {"venue": out, "at_seconds": at, "duration_seconds": lasts}
    slots = {"failures": {"venue_outage": [outage]}}
    return replace(case, market=replace(case.market, mechanisms=slots))


def test_bands_buy_back_above_their_top() -> None:
    """The top is at 98.3: what was sold at 95 is bought back at 99.5, as the library does it."""
    eth = [100.0, 95.0, 99.5, 99.5]
    setup, tape, state = lend({"soft": SOFT}, eth)
    x, y = by_library(SoftBands(**SOFT), eth)
    assert steps(tape, EventKind.SOFT)[:2] == [1, 2]
    assert left(setup, state)[0] == pytest.approx(y.sum())
    assert state.holdings.cash[0] == pytest.approx([x.sum()], abs=1e-6)


def test_a_loan_whose_bands_are_just_enough_is_sheltered() -> None:
    """Room of 7% and a discount of 6%: 0.94 / 0.93 - 1 = 1.1% of health at first. A slow fall far
    below the plain maintenance leaves it above 0, and no keeper may call.
    """
    eth = [100.0, *np.geomspace(97.0, 82.0, 120)]
    _, tape, _ = lend({"soft": {**SOFT, "room": 0.07, "fee": 0.0}}, eth)
    assert not steps(tape, EventKind.LIQUIDATION)
    assert len(steps(tape, EventKind.SOFT)) > 50


def test_nobody_trades_with_bands_while_the_venue_is_out() -> None:
    """Out from second 120 to 240: steps 2 and 3. The market is at 90, the bands trade at step 4."""
    trader = Trader("l", (), {"ETH": 10.0, "USD": -800.0})
    rules = lending_venue({"ETH": Collateral(0.8, 0.83, 0.05)})
    rules = replace(rules, mechanisms={"soft": SOFT})
    case = tiny_case([trader], [], {"l": rules}, {"ETH": coin(100.0)})
    prices = paths_of(case, ETH=[100.0, 95.0, 90.0, 90.0, 90.0])
    _, plain, _ = run_case(case, prices)
    _, tape, _ = run_case(failing(case, "l", 120.0, 120.0), prices)
    assert sorted(set(steps(plain, EventKind.SOFT))) == [1, 2]
    assert sorted(set(steps(tape, EventKind.SOFT))) == [1, 4]


def sold(
    eth: Sequence[float], rule: dict[str, Any], depth: float = float("inf")
) -> tuple[list[float], list[float], list[float]]:
    """ETH left, equity and the market's price after each step of an auction; impact stays."""
    held: list[float] = []
    market: list[float] = []
    trader = Trader("v", [Held("ETH-P", 100.0, 100.0)], {"USD": 300.0}, owner="me")
    rules = perpetuals_venue(mechanisms={"auction": rule})
    case = tiny_case(
        [trader],
        [perpetual("ETH-P", "ETH")],
        {"v": rules},
        {"ETH": coin(100.0, depth)},
        scenario=Scenario(label="exogenous", permanent_share=1.0),
    )

    def watch(_: int, state: State) -> None:
        held.append(float(state.holdings.size[0, 0]))
        market.append(float(state.market[0, case.book.assets.index("ETH")]))

    _, tape, _ = run_case(case, paths_of(case, ETH=eth), observe=watch)
    return held, tape.desk_equity[0, :, 0].tolist(), market


def test_cash_of_earlier_bids_is_not_for_sale_in_one_auction() -> None:
    """Without a buffer each sale leaves the account just at maintenance, and its own impact just
    below: one auction over 97.5, 97.2 and 97.15, at D = .98, .8 and .64. What each sale brings in
    is kept from the next, as the library's bids say.
    """
    eth = [100.0, 97.5, 97.2, 97.15]
    held, equity, market = sold(eth, {**DUTCH, "buffer": 0.0}, 4e7)
    rule = replace(RULE, buffer=0.0)
    size, price, moved, kept = 100.0, 100.0, 1.0, 0.0
    for n in range(3):
        now = eth[n + 1] * moved
        value = equity[n] + size * (now - price)
        made = bid(rule, value, value - 0.01 * size * now, 60.0 * n, 1.0, kept)
        assert held[n] == pytest.approx(size * (1.0 - made.share)) and made.share > 0.01
        size, price, moved, kept = held[n], market[n], market[n] / eth[n + 1], made.reserved


def test_an_auction_that_was_over_begins_anew_with_nothing_kept() -> None:
    """Back above maintenance at step 2; in breach again at 97.2: D is .98, and all is for sale."""
    first = bid(RULE, 50.0, -47.5, 0.0, 1.0)
    size = 100.0 * (1.0 - first.share)
    value = first.mark_to_market + size * (97.2 - 97.5)
    again = bid(RULE, value, value - 0.01 * size * 97.2, 0.0, 1.0)
    held, _, _ = sold([100.0, 97.5, 97.5, 97.2], DUTCH)
    assert held == pytest.approx([size, size, size * (1.0 - again.share)])


def test_an_account_that_finds_no_bidder_does_not_use_up_the_rate_limit() -> None:
    """With gas of 10 nobody comes before step 3; one account in ten minutes may be sold."""
    limit = {"window_seconds": 600.0, "accounts": 1}
    slots = {"auction": DUTCH, "liquidation_rate_limit": limit}
    _, tape, _ = play(slots, liquidation=Liquidation("orderbook", gas=10.0))
    assert steps(tape, EventKind.LIQUIDATION) == [3]


def test_an_owner_is_not_asked_again_after_the_venue_has_closed_a_part() -> None:
    """Called at step 1 with three minutes. At 97.1 the long has 10, below 30% of maintenance: half
    of it is sold at once. Back at 97.5 it is above 30% again, and nobody pays on the old call.
    """
    call = {"grace_seconds": 180.0, "cure_probability": 1.0, "immediate_below": 0.3}
    cut = Liquidation("orderbook", partial_fraction=0.5, cooldown_seconds=60.0)
    rules = perpetuals_venue(liquidation=cut, mechanisms={"margin_call": call})
    trader = Trader("v", [Held("ETH-P", 100.0, 100.0)], {"USD": 300.0})
    case = tiny_case([trader], [perpetual("ETH-P", "ETH")], {"v": rules}, {"ETH": coin(100.0)})
    prices = [[100.0, 97.5, 97.1, 97.5, 97.5]] * 60
    _, tape, _ = run_case(case, paths_of(case, ETH=prices))
    paid, asked = events(tape, EventKind.TOP_UP), events(tape, EventKind.MARGIN_CALL)
    assert 0 < len(paid) < 60 and len(asked) == 60
    assert {step for _, step, _, _ in paid} == {1}


def queue(width: float, count: int) -> Case:
    """``count`` equal longs that have 5 at 90.5, in a market of a depth of 10,000."""
    band = {"price_band": {"width": width, "reference": "index"}}
    rules = perpetuals_venue(fund=1e4, mechanisms=band)
    traders = [replace(BUST, owner=f"t{n}") for n in range(count)]
    assets = {"BTC": coin(100.0, 1e4)}
    return tiny_case(traders, [PERP], {"perps": rules}, assets, scenario=PASSING)


def test_the_third_in_a_queue_stands_behind_both_orders_before_it() -> None:
    """The first leaves 82.7, the second 75.5. A band of 12% ends at 79.6: the third waits."""
    case = queue(0.12, 3)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 90.5]))
    assert [unit for _, _, unit, _ in events(tape, EventKind.LIQUIDATION)] == [0, 1]
    assert [unit for _, _, unit, _ in events(tape, EventKind.BAND_HALT)] == [2]


def test_nobody_waits_for_a_trace_that_orders_do_not_leave() -> None:
    """In the world without the crowd's feedback both are sold at once, beside one with it."""
    case = queue(0.05, 2)
    chosen = (world_with(CHANNELS), world_with(set(CHANNELS) - {"crowd"}))
    worlds = path_worlds(chosen, Runs(np.arange(2), np.arange(2)))
    tape, _ = run(prepare(case), paths_of(case, BTC=[[100.0, 90.5]] * 2), worlds=worlds)
    made = [(p, u) for p, _, u, _ in events(tape, EventKind.LIQUIDATION)]
    assert made == [(0, 0), (1, 0), (1, 1)]
    assert [(p, u) for p, _, u, _ in events(tape, EventKind.BAND_HALT)] == [(0, 1)]


def vaults(slots: dict[str, Any]) -> Case:
    """Two venues whose vaults take over a long of ten at 90.4; ``slots`` are the first one's."""
    how = {"backstop": 1e3, "liquidation": Liquidation("orderbook", backstop_ratio=2 / 3)}
    rules = {
        name: perpetuals_venue(("backstop", "socialised"), mechanisms=found, **how)
        for name, found in (("one", slots), ("two", {}))
    }
    traders = [replace(BUST, venue=name) for name in rules]
    return tiny_case(traders, [PERP], rules, {"BTC": coin(100.0)})


def test_a_vault_sells_what_it_holds_and_nothing_of_another_venues() -> None:
    """A minute of a mean of one: e^-1 is left after each step from the second on. While the venue
    is out, from second 180 on, nothing is sold.
    """
    case = vaults({"backstop": {"seconds": 60.0}})
    prices = paths_of(case, BTC=[100.0, 90.4, 90.4, 90.4, 90.4])
    for found, left_over in (
        (case, 10.0 * np.exp(-3.0)),
        (failing(case, "one", 180.0, 600.0), 10.0 * np.exp(-1.0)),
    ):
        setup, _, state = run_case(found, prices)
        one, two = (setup.table.contracts.index((v, "BTC-PERP")) for v in (0, 1))
        assert state.accounts.vault_contracts[0, one] == pytest.approx(left_over)
        assert state.accounts.vault_contracts[0, two] == 10.0


def test_depositors_run_for_their_own_venue_and_their_own_path() -> None:
    """A venue of perpetuals loses 50 at 85, which its accounts bear: no loss of the bank's, whose
    depositors look at losses alone. Who looks at prices leaves where they have fallen.
    """
    traders = [
        Trader("bank", (), {"ETH": 10.0, "USD": -600.0}),
        BUST,
        Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 900.0}),
    ]
    assets = {"BTC": coin(100.0), "ETH": coin(100.0)}
    for reason, left_at in (("on_loss", []), ("on_fall", [(0, 1)])):
        run_on = {"rule": "pool", "utilisation": 0.75, "depositors": 4, reason: 1e6}
        bank = replace(
            lending_venue({"ETH": Collateral(0.7, 0.8, 0.05)}), mechanisms={"run": run_on}
        )
        rules = {"bank": bank, "perps": perpetuals_venue(("socialised",))}
        case = tiny_case(traders, [PERP], rules, assets)
        eth = [[100.0, 90.0, 90.0], [100.0, 100.0, 100.0]]
        _, tape, _ = run_case(case, paths_of(case, BTC=[[100.0, 85.0, 85.0]] * 2, ETH=eth))
        assert tape.socialised.sum() == pytest.approx(100.0)
        assert [row[:2] for row in events(tape, EventKind.WITHDRAWN)] == left_at


@pytest.mark.parametrize(("outages", "closed"), [(0.0, [2]), (1e6, [])])
def test_an_old_price_of_what_an_account_settles_in_will_not_do(
    outages: float, closed: list[int]
) -> None:
    """BTC is seen at once, the stablecoin is pulled and its publisher silent: nobody is closed."""
    pull = {
        "rule": "pull",
        "publish_delay_seconds": 0.0,
        "max_age_seconds": 60.0,
        "outages_per_day": outages,
        "outage_seconds": 1e6,
        "assets": ["USDX"],
    }
    long = Trader("v", [Held("P", 10.0, 100.0)], {"USDX": 100.0})
    rules = perpetuals_venue(fund=1e3, mechanisms={"oracle": pull})
    assets = {"BTC": coin(100.0), "USDX": coin(1.0)}
    case = tiny_case([long], [Perpetual("P", "BTC", "USDX")], {"v": rules}, assets)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 100.0, 90.5, 90.5]))
    assert steps(tape, EventKind.LIQUIDATION) == closed
    assert bool(steps(tape, EventKind.STALE_HALT)) == (not closed)
