"""What slots do at their edges: found by reading the loop once more, each worked by hand.

Steps of 60 s and no impact unless told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Floats,
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.exposure.impairment import fund_fees
from seawall.foundation.errors import InputError
from seawall.foundation.pricekind import PriceKind
from seawall.liquidation.dutch_auction import DutchAuction, discount
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Feed, Liquidation

DUTCH = {
    "rule": "dutch_account",
    "start": 0.98,
    "cutoff": 0.8,
    "fast_seconds": 60.0,
    "slow_seconds": 300.0,
    "buffer": 0.2,
    "insolvent_seconds": 300.0,
}
POOL = {"rule": "pool_flag", "pool": 1000.0, "max_factor": 0.5, "min_factor": 0.2}
TERMS = Collateral(0.8, 0.83, 0.05)
MARGINED = {"BTC": Collateral(0.95, 0.95), QUOTE: Collateral(1.0, 1.0)}


def steps(tape: Tape, kind: EventKind) -> list[int]:
    return [step for _, step, _, _ in events(tape, kind)]


def test_an_account_sold_whole_while_solvent_leaves_no_collateral_behind() -> None:
    """100 ETH from 100 at 90.5, against 10 BTC at 100: worth 50, cash of -950. All of it is for
    sale below 500; the bidder pays 49 for 50 and the owner keeps 49. Nobody has lost anything.
    """
    auction: dict[str, Any] = {**DUTCH, "sell_all_below": 500.0}
    venue = perpetuals_venue(fund=1e6, collateral=MARGINED)
    case = tiny_case(
        [Trader("v", [Held("ETH-P", 100.0, 100.0)], {"BTC": 10.0}, owner="me")],
        [perpetual("ETH-P", "ETH")],
        {"v": replace(venue, mechanisms={"auction": auction})},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 90.5, 90.5]))
    assert tape.fund.sum() == 0.0
    assert state.holdings.size[0].tolist() == [0.0, 0.0]
    assert tape.desk_equity[0, :, 0] == pytest.approx([1_000.0, 49.0, 49.0])


def test_collateral_alone_is_for_sale_too() -> None:
    """10 BTC at 91 against 900 owed: worth 10, maintenance .05 x 910 = 45.5, net -35.5.

    B = -35.5 - .2 x 45.5 = -44.6 and D = .98: f = 44.6 / (44.6 + 9.8). That share of the BTC goes
    for a discount of f x 10 x .02; B is then 0. Without a sale the discount bought nothing.
    """
    case = tiny_case(
        [Trader("v", (), {"BTC": 10.0, QUOTE: -900.0}, owner="me")],
        [perpetual("ETH-P", "ETH")],
        {"v": replace(perpetuals_venue(collateral=MARGINED), mechanisms={"auction": DUTCH})},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0] + [91.0] * 3))
    share = 44.6 / 54.4
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    assert state.holdings.size[0, 0] == pytest.approx(10.0 * (1.0 - share))
    assert tape.desk_equity[0, 1:, 0] == pytest.approx([10.0 - share * 0.2] * 3)


def test_a_lot_that_was_written_down_to_nothing_is_no_lot() -> None:
    """1,000 DAI were lent and are written off; the 900 that back another's loan go with them, as
    its window ends. Its debt, 7.4 BTC at 102, is then hopeless too.
    """
    mechanisms: dict[str, Any] = {
        "auction": {"rule": "batch", "window_seconds": 60.0},
        "keepers": {"kinds": [{"count": 1}]},
        "socialise": {"rule": "depositor_haircut"},
    }
    book = replace(lending_venue({"ETH": TERMS, "DAI": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [
            Trader("l", (), {"DAI": -1_000.0, "ETH": 1.0}),
            Trader("l", (), {"DAI": 900.0, "BTC": -7.4}),
        ],
        [],
        {"l": book},
        {"ETH": coin(2_000.0), "DAI": coin(1.0), "BTC": coin(100.0)},
    )
    eth, btc = [2_000.0, 2_000.0, 1e-9, 1e-9], [100.0, 102.0, 102.0, 102.0]
    _, tape, _ = run_case(case, paths_of(case, ETH=eth, BTC=btc))
    assert steps(tape, EventKind.COVER) == [2, 3]
    assert tape.socialised == pytest.approx([1_000.0, 7.4 * 102.0])
    assert not steps(tape, EventKind.LIQUIDATION)


def test_margin_on_open_interest_sees_what_the_pool_flag_cut() -> None:
    """100 ETH at 110 make 1,000 against a pool of 1,000: all are cut at step 1. The bound of 2,000
    is left far behind, so the factor is back at 1 at step 2.
    """
    scaled = {
        "rule": "open_interest_scaled",
        "bounds": {"ETH": {"lower": 2_000.0, "upper": 20_000.0}},
        "cap": 3.0,
    }
    mechanisms: dict[str, Any] = {"adl": POOL, "dynamic_margin": scaled}
    _, tape, state = run_case(*_one_long(mechanisms=mechanisms))
    assert steps(tape, EventKind.POOL_CUT) == [1]
    assert state.scale is not None
    assert state.scale.longs.sum() == 0.0
    assert state.scale.factor.max() == 1.0


def test_nobody_is_cut_by_a_price_that_is_too_old() -> None:
    """What is seen is 180 s old at least; the limit is 120 s. Without it: cut at step 4."""
    feed = Feed(deviation=0.05, heartbeat_seconds=600.0, delay_seconds=180.0)
    how: dict[str, Any] = {"margin_price": PriceKind.ORACLE, "feed": feed}
    _, tape, _ = run_case(*_one_long(mechanisms={"adl": POOL}, **how))
    assert steps(tape, EventKind.POOL_CUT) == [4]
    limited: dict[str, Any] = {"adl": POOL, "staleness": {"limit_seconds": 120.0}}
    _, tape, state = run_case(*_one_long(mechanisms=limited, **how))
    assert not steps(tape, EventKind.POOL_CUT)
    assert state.holdings.size[0, 0] == 100.0


def _one_long(**venue: Any) -> tuple[Case, Floats]:
    """A desk long 100 ETH from 100, with 5,000 of cash; ETH rises to 110."""
    case = tiny_case(
        [Trader("v", [Held("ETH-P", 100.0, 100.0)], {QUOTE: 5_000.0}, owner="me")],
        [perpetual("ETH-P", "ETH")],
        {"v": perpetuals_venue(("adl",), **venue)},
        {"ETH": coin(100.0)},
    )
    return case, paths_of(case, ETH=[100.0] + [110.0] * 8)


def test_a_full_fund_takes_no_fee_for_being_first_either() -> None:
    """10 ETH at 98 back 820: a 5% bonus on 820 is 41, of which the winner of two pays 20.5. The
    fund has 100 and takes 5; the rest leaves the venue. Who pays counts the 5, as of any fee.
    """
    mechanisms: dict[str, Any] = {
        "keepers": {"kinds": [{"count": 2}], "priority_share": 0.5, "priority_to": "fund"},
        "fund": {"target": 105.0},
    }
    book = replace(lending_venue({"ETH": TERMS}, fund=100.0), mechanisms=mechanisms)
    case = tiny_case(
        [Trader("l", (), {"ETH": 10.0, QUOTE: -820.0})], [], {"l": book}, {"ETH": coin(100.0)}
    )
    setup, tape, state = run_case(case, paths_of(case, ETH=[100.0, 98.0, 98.0]))
    assert tape.fee.sum() == pytest.approx(20.5)
    assert tape.keeper.sum() == pytest.approx(-20.5)
    assert state.accounts.assets["fund"][0, 0, setup.quote] == pytest.approx(105.0)
    flows = tape.notional[tape.kind == EventKind.FUND_FLOW]
    assert flows == pytest.approx([-15.5])
    assert fund_fees(setup, tape).sum() == pytest.approx(5.0)


@pytest.mark.parametrize(("immediate", "closed"), [(0.0, 12), (1.0, 2)])
def test_who_is_too_far_below_to_wait_does_not_make_keepers_wait(
    immediate: float, closed: int
) -> None:
    """A grace of ten steps, and a keeper that is a step late: ten and one after the call at step 1,
    or one after the breach where nobody below maintenance has time.
    """
    mechanisms: dict[str, Any] = {
        "margin_call": {"grace_seconds": 600.0, "immediate_below": immediate},
        "keepers": {"kinds": [{"count": 1, "latency_seconds": 60.0}]},
    }
    book = replace(lending_venue({"ETH": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [Trader("l", (), {"ETH": 10.0, QUOTE: -820.0})], [], {"l": book}, {"ETH": coin(100.0)}
    )
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0] + [98.0] * 14))
    assert steps(tape, EventKind.LIQUIDATION)[0] == closed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"auction": {k: x for k, x in DUTCH.items() if k != "insolvent_seconds"}},
            "insolvent_seconds",
        ),
        ({"auction": {**DUTCH, "fee": 0.1}}, "no fee is charged"),
        ({"auction": DUTCH, "sizing": {"rule": "full"}}, "sizing"),
    ],
)
def test_an_account_auction_refuses_what_it_lacks_or_would_not_ask(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        run_case(*_one_long(mechanisms=changed))


def test_a_loan_that_no_keeper_wants_does_not_use_up_the_rate_limit() -> None:
    """One account per minute, the largest shortfall first: it is backed by a coin that nobody can
    sell. The keepers take the other loan instead, in the same minute.
    """
    limit = {"window_seconds": 60.0, "accounts": 1}
    rule = Liquidation("keeper", close_factor=0.5, full_below=0.95, gas=100.0)
    book = lending_venue({"ETH": TERMS, "ILQ": TERMS}, liquidation=rule)
    case = tiny_case(
        [
            Trader("l", (), {"ILQ": 1e6, QUOTE: -8.9e5}),
            Trader("l", (), {"ETH": 1_000.0, QUOTE: -82_000.0}),
        ],
        [],
        {"l": replace(book, mechanisms={"liquidation_rate_limit": limit})},
        {"ETH": coin(100.0), "ILQ": coin(1.0, depth=1.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0] + [98.0] * 3))
    closed = [(s, u) for _, s, u, _ in events(tape, EventKind.LIQUIDATION)]
    assert closed[0] == (1, 1)
    assert {unit for _, unit in closed} == {1}


def test_what_arbitrageurs_gain_on_bands_is_no_fee_to_the_fund() -> None:
    """Nobody raced for anything, so the fund had nothing of it: who pays must not say so."""
    mechanisms: dict[str, Any] = {
        "soft": {"bands": 4, "amplification": 20.0},
        "keepers": {"kinds": [{"count": 1}], "priority_share": 0.5, "priority_to": "fund"},
    }
    book = replace(lending_venue({"ETH": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [Trader("l", (), {"ETH": 10.0, QUOTE: -800.0})], [], {"l": book}, {"ETH": coin(100.0)}
    )
    setup, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 88.0, 88.0]))
    soft = tape.kind == EventKind.SOFT
    assert tape.fee[soft].sum() > 0.0
    assert fund_fees(setup, tape).sum() == 0.0


def test_the_bidder_bears_the_spread_of_options_too() -> None:
    """A short call for sale in shares: after the first sale of f at D the account is worth
    V (1 - f (1 - D)), and no bidder comes before that pays for the spread.
    """

    def played(gas: float) -> tuple[Tape, State]:
        venue = perpetuals_venue(
            option_margin=OPTION_MARGIN,
            liquidation=Liquidation("orderbook", gas=gas),
            mechanisms={"auction": {**DUTCH, "slow_seconds": 3_000.0}},
        )
        case = tiny_case(
            [Trader("v", [Held("C", -1.0, 5_000.0)], {QUOTE: 12_500.0}, "me")],
            [option("C", "BTC", 100_000.0, True, 30.0)],
            {"v": venue},
            {"BTC": coin(100_000.0, implied_half_spread=0.01)},
            states={"C": InstrumentState(implied_volatility=0.6)},
        )
        _, tape, state = run_case(case, paths_of(case, BTC=[100_000.0] + [104_000.0] * 20))
        return tape, state

    worth = played(1e9)[0].desk_equity[0, :, 0]
    tape, state = played(0.0)
    sold = tape.kind == EventKind.LIQUIDATION
    assert sold.sum() == 1
    step = int(tape.step[sold][0])
    share = 1.0 + float(state.holdings.option_size[0, 0])
    offered = discount(DutchAuction(**_numbers(slow_seconds=3_000.0)), 60.0 * (step - 1))
    assert 0.0 < share < 1.0 and step > 1
    expected = worth[step] * (1.0 - share * (1.0 - offered))
    assert tape.desk_equity[0, step, 0] == pytest.approx(expected)
    assert -tape.keeper[sold][0] > 0.0


def _numbers(**changed: float) -> dict[str, Any]:
    return {key: x for key, x in {**DUTCH, **changed}.items() if key != "rule"}


def test_bands_sell_no_coin_that_was_written_down() -> None:
    """5 ETH lent against nothing are written off and 14 deposited ETH bear them: 9 are left. When
    ETH jumps below all bands of the loan that they back, these sell 9 ETH, not 14.
    """
    mechanisms: dict[str, Any] = {
        "soft": {"bands": 4, "amplification": 20.0},
        "socialise": {"rule": "depositor_haircut"},
    }
    book = replace(lending_venue({"ETH": TERMS, "BTC": TERMS}), mechanisms=mechanisms)
    case = tiny_case(
        [
            Trader("l", (), {"ETH": -5.0, "BTC": 10.0}),
            Trader("l", (), {"ETH": 14.0, QUOTE: -700.0}),
        ],
        [],
        {"l": book},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    held: list[float] = []
    run_case(
        case,
        paths_of(case, BTC=[100.0] + [1e-6] * 4, ETH=[100.0, 100.0, 100.0, 40.0, 40.0]),
        observe=lambda _, state: held.append(float(state.holdings.size[0, 2])),
    )
    assert held[1] == pytest.approx(9.0)
    assert held[-1] == pytest.approx(0.0, abs=1e-9)
    assert min(held) >= -1e-9


def test_a_loan_that_leaves_its_bands_pays_all_its_debts_with_what_they_hold() -> None:
    """Owed 410 in USD and 390 in BTC, and a jump to 70 sells all bands for 448.2: 410 and the 38.2
    that are left. What lenders lose is the rest, and the owner keeps nothing.
    """
    soft = {"soft": {"bands": 4, "amplification": 20.0}}
    case = tiny_case(
        [Trader("l", (), {"ETH": 10.0, QUOTE: -410.0, "BTC": -3.9})],
        [],
        {"l": replace(lending_venue({"ETH": TERMS}), mechanisms=soft)},
        {"ETH": coin(100.0), "BTC": coin(100.0)},
    )
    _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 70.0, 70.0, 70.0]))
    at = tape.kind == EventKind.SOFT
    paid = float((tape.notional[at] - tape.fee[at]).sum())
    assert 410.0 < paid < 800.0
    assert tape.socialised.sum() == pytest.approx(800.0 - paid)
    assert state.holdings.cash[0, 0] == pytest.approx(0.0, abs=1e-9)
