"""Owners who add margin or sell, worked by hand through the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
    unit_of,
)

from seawall.agents.delever import Delever, DeleverOf, share_to_sell
from seawall.agents.top_up import TopUp, payment
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import unit_equity
from seawall.venues import Collateral, Rulebook

FAR = {"COIN": coin(100.0)}


def one_long(
    cash: float, slots: dict[str, Any], owner: str = "", depth: float | None = None, **more: Any
) -> Case:
    """Ten coins long at 100 behind ``cash``; maintenance is 1% of notional."""
    rules: Rulebook = perpetuals_venue(mechanisms=slots, **more)
    assets = FAR if depth is None else {"COIN": coin(100.0, depth)}
    trader = Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: cash}, owner)
    return tiny_case([trader], [perpetual("COIN-P", "COIN")], {"perps": rules}, assets)


def noted(tape: Tape, kind: EventKind) -> list[tuple[int, float]]:
    mine = tape.kind == kind
    return list(zip(tape.step[mine].tolist(), tape.notional[mine].tolist(), strict=True))


TOP = {"top_up": {"trigger": 3.0, "restore": 4.0, "budget": 1.0}}


def test_an_owner_pays_back_to_its_ratio_until_its_budget_is_gone() -> None:
    # 97: equity 50 - 30 = 20, maintenance 9.7, ratio 2.06: pays 4 x 9.7 - 20 = 18.8.
    # 95: equity 18.8, ratio 1.98: pays 38 - 18.8 = 19.2. 93: equity 18: wants 19.2, has 12 left.
    # 92: equity 20, ratio 2.17, and nothing left; 89: equity -10, closed by the venue.
    case = one_long(50.0, TOP)
    _, tape, _ = run_case(case, paths_of(case, COIN=[100, 97, 95, 93, 92, 89]))
    paid = noted(tape, EventKind.TOP_UP)
    assert [step for step, _ in paid] == [1, 2, 3]
    assert [amount for _, amount in paid] == pytest.approx([18.8, 19.2, 12.0])
    assert [step for step, _ in noted(tape, EventKind.LIQUIDATION)] == [5]
    # All that the owner had and paid in is lost: 50 + 50, and 10 more is the venue's.
    assert tape.closed_loss == pytest.approx([100.0])
    assert tape.socialised.sum() == pytest.approx(10.0)


def test_the_money_arrives_after_the_delay_if_it_is_still_wanted() -> None:
    case = one_long(50.0, {"top_up": {**TOP["top_up"], "delay_seconds": 120.0}})
    low = [100, 97, 97, 97, 97]
    back = [100, 97, 99, 97, 97]
    _, tape, _ = run_case(case, paths_of(case, COIN=[low, back]))
    # Seen at step 1, paid two steps of 60 s later; on the other path it came back in between, and
    # the new decision of step 3 would be paid at step 5.
    assert noted(tape, EventKind.TOP_UP) == [(3, pytest.approx(18.8))]


@pytest.mark.parametrize(("owner", "own", "acts"), [("", (), True), ("me", (), False)])
def test_desks_act_only_where_they_are_named(owner: str, own: Any, acts: bool) -> None:
    case = one_long(50.0, TOP, owner)
    named = one_long(50.0, {"top_up": {**TOP["top_up"], "own": [{"account": "t0"}]}}, owner)
    prices = [100, 97]
    for one, pays in ((case, acts), (named, True)):
        _, tape, _ = run_case(one, paths_of(one, COIN=prices))
        assert bool(noted(tape, EventKind.TOP_UP)) is pays


def test_an_own_table_replaces_the_rule_s_numbers() -> None:
    never = {"top_up": {**TOP["top_up"], "own": [{"account": "t0", "probability": 0.0}]}}
    sooner = {"top_up": {**TOP["top_up"], "own": [{"account": "t0", "restore": 5.0}]}}
    for slots, expected in ((never, []), (sooner, [(1, pytest.approx(28.5))])):
        case = one_long(50.0, slots)
        _, tape, _ = run_case(case, paths_of(case, COIN=[100, 97]))
        assert noted(tape, EventKind.TOP_UP) == expected


def test_a_borrower_repays_its_debt() -> None:
    # 10 coins at 100 against 700; threshold 0.8: maintenance 0.2 x collateral. At 92: equity 220,
    # maintenance 184, ratio 1.196 < 1.5: pays 2 x 184 - 220 = 148; the debt is then 552.
    rules = replace(
        lending_venue({"COIN": Collateral(0.7, 0.8, 0.05)}),
        mechanisms={"top_up": {"trigger": 1.5, "restore": 2.0, "budget": 1.0}},
    )
    trader = Trader("bank", (), {"COIN": 10.0, QUOTE: -700.0})
    case = tiny_case([trader], [], {"bank": rules}, FAR)
    setup, tape, state = run_case(case, paths_of(case, COIN=[100, 92]))
    assert noted(tape, EventKind.TOP_UP) == [(1, pytest.approx(148.0))]
    debt = setup.table.rows.asset == setup.quote
    assert state.holdings.size[0, debt] == pytest.approx([-552.0])
    assert state.accounts.assets["pool"][0, 0, setup.quote] == pytest.approx(148.0)


def test_a_budget_is_used_up_by_what_is_paid() -> None:
    # Two debts of 350. At 92: 4 x 184 - 220 = 516 is wanted, and one debt takes 350. A step later
    # equity is 570: 736 - 570 = 166 is wanted, and 600 - 350 are left.
    rules = replace(
        lending_venue({"COIN": Collateral(0.7, 0.8, 0.05), "ALT": Collateral(0.7, 0.8, 0.05)}),
        mechanisms={"top_up": {"trigger": 4.0, "restore": 4.0, "budget": 2.0}},
    )
    trader = Trader("bank", (), {"COIN": 10.0, QUOTE: -350.0, "ALT": -3.5})
    case = tiny_case([trader], [], {"bank": rules}, {**FAR, "ALT": coin(100.0)})
    _, tape, _ = run_case(case, paths_of(case, COIN=[100, 92, 92, 92]))
    paid = noted(tape, EventKind.TOP_UP)
    assert paid == [(1, pytest.approx(350.0)), (2, pytest.approx(166.0))]


def test_an_owner_sells_to_its_target() -> None:
    # 90: equity 200 - 100 = 100, notional 900, leverage 9 > 8: keeps 5 x 100 / 900 of 10 coins.
    case = one_long(200.0, {"delever": {"trigger": 8.0, "target": 5.0}}, taker_fee=0.001)
    setup, tape, state = run_case(case, paths_of(case, COIN=[100, 95, 90, 90]))
    assert noted(tape, EventKind.DELEVERED) == [(2, pytest.approx(400.0))]
    assert tape.fee == pytest.approx([0.4])
    assert state.holdings.size[0] == pytest.approx([50.0 / 9.0])
    unit = np.array([unit_of(setup, 0)])
    equity = unit_equity(setup.table, state.holdings, state.quotes, np.zeros(1, int), unit)
    assert equity == pytest.approx([99.6])


def test_a_sale_pays_its_own_impact() -> None:
    # The same 400 sold into a depth of 40,000: b = -0.01 moves the price to 90 / 1.01005 = 89.104;
    # the mean of Simpson's rule over 1, 1 / 1.0050125, 1 / 1.01005 is 0.9950166: 89.5515.
    case = one_long(200.0, {"delever": {"trigger": 8.0, "target": 5.0}}, depth=40_000.0)
    setup, tape, state = run_case(case, paths_of(case, COIN=[100, 90]))
    k = setup.table.assets.index("COIN")
    assert tape.trough[0, k] == pytest.approx(89.104, abs=5e-4)
    received = state.holdings.cash[0, unit_of(setup, 0)] - (200.0 - 1_000.0)
    assert received == pytest.approx(40.0 / 9.0 * 89.5515, abs=1e-3)


def test_together_owners_sell_cheaper_than_one_by_one() -> None:
    """Two that sell in one step pay one mean price: each worse than the first alone, by hand."""
    slots = {"delever": {"trigger": 8.0, "target": 5.0}}
    rules = perpetuals_venue(mechanisms=slots)
    traders = [Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 200.0}) for _ in range(2)]
    case = tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0, 40_000.0)}
    )
    _, tape, state = run_case(case, paths_of(case, COIN=[100, 90]))
    assert np.count_nonzero(tape.kind == EventKind.DELEVERED) == 2
    cash = state.holdings.cash[0]
    assert cash[0] == cash[1]
    # b from 0 to -0.02: mean 0.990066 of 90 = 89.1060, against 89.5515 alone.
    assert cash[0] + 800.0 == pytest.approx(40.0 / 9.0 * 89.1060, abs=1e-3)


@pytest.mark.parametrize(("draws", "low", "high"), [(0.0, 0.25, 0.35), (1.0, 0.25, 0.35)])
def test_concert_leaves_each_owner_s_chances_alone(draws: float, low: float, high: float) -> None:
    """A share of 0.3 pays; with concert 1 all of a path or nobody, with 0 about 0.3 of each."""
    slots = {"top_up": {**TOP["top_up"], "probability": 0.3, "concert": draws}}
    rules = perpetuals_venue(mechanisms=slots)
    traders = [Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 50.0}) for _ in range(10)]
    case = tiny_case(traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, FAR)
    _, tape, _ = run_case(case, paths_of(case, COIN=[[100, 97]] * 400))
    count = np.bincount(tape.path[tape.kind == EventKind.TOP_UP], minlength=400)
    assert low < count.mean() / 10 < high
    if draws == 1.0:
        assert set(count.tolist()) == {0, 10}
    else:
        # Binomial(10, 0.3) has variance 2.1.
        assert 1.5 < count.var() < 2.8


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="restore is 2 and trigger 3"):
        TopUp(3.0, 2.0, 1.0)
    with pytest.raises(InputError, match="target is 9 and trigger 8"):
        Delever(8.0, 5.0, own=(DeleverOf("a", target=9.0),))
    case = one_long(50.0, {"top_up": {**TOP["top_up"], "own": [{"account": "t1"}]}})
    with pytest.raises(InputError, match="t1"):
        run_case(case, paths_of(case, COIN=[100, 97]))


def test_nothing_is_paid_into_or_sold_out_of_an_account_without_equity() -> None:
    assert payment(np.array([4.0]), np.array([-1.0]), np.array([9.0]), np.array([99.0])) == [0.0]
    assert share_to_sell(np.array([5.0]), np.array([-1.0]), np.array([900.0])) == [0.0]


def test_an_owner_sees_what_others_took_from_its_account_though_no_price_moved() -> None:
    # 90: the long owes 45, which the short bears. Before: equity 120, maintenance 9, ratio 13.3;
    # after: 75, ratio 8.3, below 10. At the same price one step later it pays 12 x 9 - 75 = 33.
    own = [{"account": "t0", "probability": 0.0}]
    top = {"trigger": 10.0, "restore": 12.0, "budget": 10.0, "own": own}
    rules = perpetuals_venue(("socialised",), mechanisms={"top_up": top})
    traders = [
        Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 55.0}),
        Trader("perps", [Held("COIN-P", -10.0, 100.0)], {QUOTE: 20.0}),
    ]
    case = tiny_case(traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, FAR)
    _, tape, _ = run_case(case, paths_of(case, COIN=[100, 90, 90, 90]))
    assert tape.socialised.sum() == pytest.approx(45.0)
    assert noted(tape, EventKind.TOP_UP) == [(2, pytest.approx(33.0))]
