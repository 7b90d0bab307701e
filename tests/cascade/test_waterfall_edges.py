"""Edges of fees, funds and deleveraging that random Cases rarely meet, each worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_adl_slots import WINNERS, closed
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    coin,
    events,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.case import Case
from seawall.instruments import Perpetual
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed, Liquidation

PERPS = [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")]
STATES = {"C": InstrumentState(implied_volatility=0.6)}
# A call that is worth nothing and stays so.
CALL = option("C", "ETH", 1e6, True, 30.0)


def test_a_fee_takes_no_more_than_a_partly_closed_account_is_worth() -> None:
    """At 90.5 a long of 10 from 100 with 100 is worth 5. Half of it goes, for 452.5; 2% of that
    would be 9.05: it is charged 5, and has nothing left to lose.
    """
    rule = Liquidation("orderbook", fee=0.02, partial_fraction=0.5, cooldown_seconds=600.0)
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 100.0}, "me")],
        PERPS,
        {"v": perpetuals_venue(fund=1e3, liquidation=rule)},
        {"BTC": coin(100.0), "ETH": coin(10.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 90.5]))
    assert tape.fee == pytest.approx([5.0])
    assert tape.desk_equity[0, -1] == pytest.approx([0.0], abs=1e-9)


def test_a_fund_is_refilled_by_those_who_trade_options_too() -> None:
    """0.1% of 144,000 a day of BTC is 0.1 a minute, whether perpetuals trade there or options."""
    put = option("P", "BTC", 1.0, False, 30.0)
    for held in (Held("BTC-PERP", 0.1, 100.0), Held("P", 1.0, 0.0)):
        rules = perpetuals_venue(
            fund=1.0,
            taker_fee=0.001,
            option_margin=OPTION_MARGIN,
            mechanisms={"fund": {"fee_share": 1.0}},
        )
        case = tiny_case(
            [Trader("v", [held], {QUOTE: 1e3})],
            [*PERPS, put],
            {"v": rules},
            {"BTC": coin(100.0, daily_volume=144_000.0), "ETH": coin(10.0, daily_volume=1e9)},
            states={"P": InstrumentState(implied_volatility=0.6)},
        )
        _, _, state = run_case(case, paths_of(case, BTC=[100.0] * 4))
        assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("rule", "size"),
    [("pro_rata_contracts", [3.3, 1.2, 1.5]), ("pro_rata_profit", [3.3, 1.2, 1.5])],
)
def test_who_is_below_zero_is_nobodys_winner(rule: str, size: list[float]) -> None:
    """Beside the three winners of test_adl_slots.py a fourth account is long 10 from 130 with 100:
    -200 at 100. It holds an option, so it is sold and not deleveraged, in the same round; those who
    are closed against the bankrupt short are the three, as if it were not there.
    """
    bankrupt = Trader("v", [Held("BTC-PERP", -6.0, 69.0)], {QUOTE: 120.0})
    below = Trader("v", [Held("BTC-PERP", 10.0, 130.0), Held("C", 1.0, 0.0)], {QUOTE: 100.0})
    for also, sold in ((), []), ((below,), [5]):
        rules = perpetuals_venue(
            ("adl", "socialised"), option_margin=OPTION_MARGIN, mechanisms={"adl": {"rule": rule}}
        )
        case = tiny_case(
            [bankrupt, *WINNERS, *also],
            [*PERPS, CALL],
            {"v": replace(rules, option_margin=OPTION_MARGIN if also else None)},
            {"BTC": coin(70.0), "ETH": coin(10.0)},
            states=STATES,
        )
        _, tape, state = run_case(case, paths_of(case, BTC=[70.0, 100.0]))
        hit = {int(unit) for _, _, unit, _ in events(tape, EventKind.LIQUIDATION)}
        assert closed(state) == pytest.approx(np.array(size))
        assert len(hit) == len(sold)


FLAG = {"rule": "pool_flag", "pool": 1_000.0, "max_factor": 0.5, "min_factor": 0.2}


def cut_steps(case: Case, **prices: list[float]) -> list[int]:
    _, tape, _ = run_case(case, paths_of(case, **prices))
    return [step for _, step, _, _ in events(tape, EventKind.POOL_CUT)]


def test_a_pool_cuts_nobody_while_its_venue_is_out() -> None:
    """100 ETH from 90 make 1,000 of a pool of 1,000 from the start. The venue is out for 120 s."""
    long = Trader("v", [Held("ETH-PERP", 100.0, 90.0)], {QUOTE: 5_000.0}, "me")
    rules = perpetuals_venue(("adl",), mechanisms={"adl": FLAG})
    case = tiny_case([long], PERPS, {"v": rules}, {"BTC": coin(100.0), "ETH": coin(100.0)})
    outage = {"venue": "v", "duration_seconds": 120.0, "at_seconds": 60.0}
    market = replace(case.market, mechanisms={"failures": {"venue_outage": [outage]}})
    still = [100.0] * 5
    assert cut_steps(case, ETH=still) == [1]
    assert cut_steps(replace(case, market=market), ETH=still) == [3]


def test_a_pool_cuts_nobody_by_an_old_price_of_what_it_pays_in() -> None:
    """ETH is seen at once; the stablecoin that profit is paid in, when it is 5% away, and its price
    is too old after 90 s. At step 3 ETH makes 1,000 of a pool of 1,000; at step 5 the coin is seen.
    """
    contract = Perpetual("ETH-X", "ETH", "USDX")
    long = Trader("v", [Held("ETH-X", 100.0, 100.0)], {"USDX": 5_000.0}, "me")
    slots = {"adl": FLAG, "staleness": {"limit_seconds": 90.0}}
    eth, usdx = [100.0, 100.0, 100.0, 110.0, 110.0, 110.0], [1.0, 1.0, 1.0, 1.0, 1.0, 0.9]
    for feed, steps in ((Feed(), [3]), (Feed(deviation=0.05), [5])):
        rules = perpetuals_venue(("adl",), mechanisms=slots, feeds={"USDX": feed})
        case = tiny_case([long], [contract], {"v": rules}, {"ETH": coin(100.0), "USDX": coin(1.0)})
        assert cut_steps(case, ETH=eth, USDX=usdx) == steps


def test_a_funding_index_charges_what_was_held_where_no_market_lost() -> None:
    """Short 1 BTC and 10 ETH against 20 SOL that fall to nothing: it owes 100 and has lost in none
    of its markets. Half of it goes to the holders of BTC and half to those of ETH, 100 held each.
    """
    short = [Held("BTC-PERP", -1.0, 100.0), Held("ETH-PERP", -10.0, 10.0)]
    traders = [
        Trader("v", short, {"SOL": 20.0, QUOTE: -100.0}),
        Trader("v", [Held("BTC-PERP", 1.0, 100.0)], {QUOTE: 900.0}, "btc"),
        Trader("v", [Held("ETH-PERP", 10.0, 10.0)], {QUOTE: 900.0}, "eth"),
        Trader("v", (), {QUOTE: 900.0}, "idle"),
    ]
    rules = perpetuals_venue(
        ("socialised",),
        collateral={"SOL": Collateral(0.9, 0.9, 0.0)},
        mechanisms={"socialise": {"rule": "funding_index"}},
    )
    assets = {"BTC": coin(100.0), "ETH": coin(10.0), "SOL": coin(10.0)}
    case = tiny_case(traders, PERPS, {"v": rules}, assets)
    _, tape, _ = run_case(case, paths_of(case, SOL=[10.0, 1e-9]))
    assert tape.socialised.sum() == pytest.approx(100.0)
    assert tape.desk_equity[0, -1] == pytest.approx([850.0, 850.0, 900.0])


def test_who_falls_by_a_share_of_anothers_loss_is_closed_though_no_price_moved() -> None:
    """At 80 the long lacks 70. Equities of 100 and 5 bear 66.67 and 3.33, and 1.67 is less than the
    3 that 30 ETH at 10 need: they are sold in the same step, at a price that stood still.
    """
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 130.0}),
        Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: -100.0}),
        Trader("v", [Held("ETH-PERP", 30.0, 10.0)], {QUOTE: 5.0}, "me"),
    ]
    rules = {"v": perpetuals_venue(("socialised",))}
    case = tiny_case(traders, PERPS, rules, {"BTC": coin(100.0), "ETH": coin(10.0)})
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    assert [row[1:3] for row in events(tape, EventKind.LIQUIDATION)] == [(1, 0), (1, 2)]
    assert tape.desk_equity[0, -1] == pytest.approx([5.0 - 70.0 * 5.0 / 105.0])
    assert state.holdings.size[0].tolist() == [0.0, -10.0, 0.0]


def test_a_winner_who_falls_by_what_it_gave_up_is_closed_too() -> None:
    """At 85 the long lacks 50, and the short that has won gives up all of it: 5 of its 55 are left,
    less than the 6 that its 60 ETH need. They are sold in the same step.
    """
    both = [Held("BTC-PERP", -10.0, 100.0), Held("ETH-PERP", 60.0, 10.0)]
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 100.0}),
        Trader("v", both, {QUOTE: -95.0}, "me"),
    ]
    rules = {"v": perpetuals_venue(("adl",))}
    case = tiny_case(traders, PERPS, rules, {"BTC": coin(100.0), "ETH": coin(10.0)})
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 85.0]))
    assert [row[1:3] for row in events(tape, EventKind.LIQUIDATION)] == [(1, 1)]
    assert tape.desk_equity[0, -1] == pytest.approx([5.0])
    assert not state.holdings.size.any()
