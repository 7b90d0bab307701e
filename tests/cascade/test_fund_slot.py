"""The slot ``fund`` by hand: refilled by fees, up to a target, at most so much for one deficit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
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

from seawall.cascade.tape import EventKind
from seawall.case import Case
from seawall.exposure.impairment import fund_fees
from seawall.foundation.errors import InputError
from seawall.venues import Liquidation
from seawall.waterfall.insurance import InsuranceFund, capped, income, room


def bankrupts(
    rule: Mapping[str, object],
    layers: tuple[str, ...] = ("fund", "socialised"),
    *,
    fund: float = 100.0,
    fee: float = 0.0,
) -> Case:
    """Two longs of 10 from 100: one with 130 and one with 150, beside a short that has plenty.

    At 80 they owe 70 and 50. The coin trades 144,000 a day: 100 a minute, at a taker fee of 0.1%.
    """
    traders = [
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 130.0}),
        Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 150.0}),
        Trader("v", [Held("BTC-PERP", -20.0, 100.0)], {QUOTE: 5_000.0}, owner="me"),
    ]
    venue = perpetuals_venue(
        layers,
        fund=fund,
        liquidation=Liquidation("orderbook", fee=fee, fee_to="fund"),
        taker_fee=0.001,
        mechanisms={"fund": rule},
    )
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"v": venue},
        {"BTC": coin(100.0, daily_volume=144_000.0)},
    )


def test_fees_flow_in_by_the_minute() -> None:
    """144,000 a day, half of it here, a fifth of 0.1% of it: 0.01 a minute."""
    rule = InsuranceFund(fee_share=0.2, volume_share=0.5)
    assert income(rule, 0.001, 144_000.0, 60.0) == pytest.approx(0.01)
    case = bankrupts({"fee_share": 0.2, "volume_share": 0.5})
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0] * 11))
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(100.0 + 10 * 0.01)
    assert tape.notional[tape.kind == EventKind.FUND_FLOW] == pytest.approx([0.1])
    assert state.accounts.assets["outside"][0, 0, 0] == pytest.approx(-0.1)


def test_nothing_flows_above_the_target() -> None:
    case = bankrupts({"fee_share": 1.0, "target": 100.35})
    _, _, state = run_case(case, paths_of(case, BTC=[100.0] * 11))
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(100.35)
    rule = InsuranceFund(target=100.0)
    assert room(rule, np.array([40.0, 100.0, 120.0])).tolist() == [60.0, 0.0, 0.0]
    assert room(InsuranceFund(), np.array([1e30])).tolist() == [np.inf]


def test_the_income_so_far_pays_and_the_end_is_on_the_tape() -> None:
    """Five minutes of 0.1 before the fall: 100.5 pays 70 and 30.5 of 50, and is then empty."""
    case = bankrupts({"fee_share": 1.0})
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0] * 5 + [80.0, 80.0]))
    assert tape.fund.sum() == pytest.approx(100.5)
    assert tape.socialised.sum() == pytest.approx(19.5)
    assert events(tape, EventKind.FUND_EMPTY) == [(0, 5, 1, int(EventKind.FUND_EMPTY))]
    assert tape.notional[tape.kind == EventKind.FUND_EMPTY] == pytest.approx([100.5])
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(0.1), "one more minute"


def test_one_deficit_gets_no_more_than_the_cap() -> None:
    """70 and 50 with a cap of 40: 40 each, 30 and 10 are socialised; 20 of the 100 are left."""
    case = bankrupts({"cap": 40.0})
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    cover = tape.kind == EventKind.COVER
    assert tape.fund[cover] == pytest.approx([40.0, 40.0])
    assert tape.socialised[cover] == pytest.approx([30.0, 10.0])
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(20.0)
    assert events(tape, EventKind.FUND_EMPTY) == []
    assert capped(None, np.array([7.0])).tolist() == [7.0]


def test_a_deficit_above_the_cap_is_deleveraged_though_the_fund_is_full() -> None:
    case = bankrupts({"cap": 60.0}, ("fund", "adl", "socialised"), fund=1_000.0)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 80.0]))
    assert [unit for _, _, unit, _ in events(tape, EventKind.ADL_BANKRUPT)] == [0]
    assert (tape.adl.sum(), tape.fund.sum()) == pytest.approx((70.0, 50.0))


def test_liquidation_fees_that_a_full_fund_refuses_go_to_the_venue() -> None:
    """At 88 the longs have 7.7 and 8.8 less a hair, all of which goes in fees of 1% + 0.1% of 880.

    Ten elevenths of it are liquidation fees: 7 and 8. The fund has room for 10: 7 and 3.
    """
    case = bankrupts({"target": 110.0}, fee=0.01)
    case.book.quantity[:2] = [127.7, 128.8 - 1e-9]
    setup, tape, state = run_case(case, paths_of(case, BTC=[100.0, 88.0]))
    sold = tape.kind == EventKind.LIQUIDATION
    assert tape.fee[sold] == pytest.approx([7.7, 8.8])
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(110.0)
    assert state.accounts.assets["outside"][0, 0, 0] == pytest.approx(0.7 + 0.8 + 5.0)
    assert tape.notional[tape.kind == EventKind.FUND_FLOW] == pytest.approx([-5.0])
    assert fund_fees(setup, tape).sum() == pytest.approx(10.0)


def test_a_fund_that_is_in_no_layer_is_refused() -> None:
    case = bankrupts({"cap": 1.0}, ("adl",))
    with pytest.raises(InputError, match="no layer 'fund'"):
        run_case(case, paths_of(case, BTC=[100.0, 80.0]))
