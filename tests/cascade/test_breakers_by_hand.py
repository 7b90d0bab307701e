"""Each breaker in the loop on numbers worked by hand: once where it helps, once where it hurts."""

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

from seawall.cascade.breakers import open_interest, withdrawals_stopped
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.market import Scenario
from seawall.venues import Feed, Liquidation, Rulebook

PERP = [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")]
# Ten coins long at 100 with 100 of cash: maintenance 1%, bankrupt at 90.
BUST = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 100.0}, "bust")
SHORT = Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 900.0}, "short")
KINDS = {kind.value: kind.name for kind in EventKind}
BTC_ONLY = {"BTC": coin(100.0), "ETH": coin(10.0)}


def venue(mechanisms: dict[str, Any], rulebook: Rulebook | None = None) -> Rulebook:
    plain = rulebook or perpetuals_venue(("fund", "socialised"), fund=80.0)
    return replace(plain, mechanisms=mechanisms)


def go(
    mechanisms: dict[str, Any],
    prices: Sequence[float],
    *,
    traders: Sequence[Trader] = (BUST, SHORT),
    rulebook: Rulebook | None = None,
    depth: float = float("inf"),
    **more: Any,
) -> tuple[Setup, Tape, State]:
    case = tiny_case(
        traders,
        PERP,
        {"perps": venue(mechanisms, rulebook)},
        {"BTC": coin(100.0, depth), "ETH": coin(10.0)},
        scenario=more.pop("scenario", None),
    )
    return run_case(case, paths_of(case, BTC=list(prices), **more))


def told(tape: Tape) -> list[tuple[int, int, str]]:
    """(step, unit, kind) of each event."""
    return [(step, unit, KINDS[kind]) for _, step, unit, kind in events(tape)]


VELOCITY = {"velocity": {"move": 0.05, "window_seconds": 60.0, "halt_seconds": 120.0}}


def test_a_halt_after_a_fast_move_saves_who_recovers_in_time() -> None:
    """At 90.5 equity is 5 and maintenance 9.05; -9.5% in a step halts steps 1 and 2; at 95, up
    4.97%, equity is 50. Without the breaker the account is sold at 90.5 and 5 are left."""
    _, tape, _ = go(VELOCITY, [100.0, 90.5, 95.0, 95.0])
    assert told(tape) == [(1, 0, "VELOCITY_HALT")]
    assert tape.desk_equity[0, -1].tolist() == pytest.approx([50.0, 950.0])
    _, plain, _ = go({}, [100.0, 90.5, 95.0, 95.0])
    assert told(plain) == [(1, 0, "LIQUIDATION")]
    assert plain.desk_equity[0, -1].tolist() == pytest.approx([5.0, 950.0])


def test_a_halt_turns_a_close_in_time_into_bad_debt_when_the_price_falls_on() -> None:
    """90.5, then 88 (-2.8%: no new halt): sold at step 3, equity -20, which the fund pays."""
    _, tape, state = go(VELOCITY, [100.0, 90.5, 88.0, 88.0])
    assert told(tape) == [(1, 0, "VELOCITY_HALT"), (3, 0, "LIQUIDATION"), (3, 0, "COVER")]
    assert tape.fund.sum() == pytest.approx(20.0)
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(60.0)
    _, plain, _ = go({}, [100.0, 90.5, 88.0, 88.0])
    assert plain.fund.sum() == 0.0


def test_vault_and_adl_go_on_while_orders_are_halted() -> None:
    """A velocity halt holds back orders only: the bankrupt is deleveraged at once."""
    rulebook = perpetuals_venue(("adl",))
    _, tape, _ = go(VELOCITY, [100.0, 85.0, 85.0], rulebook=rulebook)
    assert [kind for *_, kind in told(tape)] == ["ADL_WINNER", "ADL_BANKRUPT"]


BAND = {"price_band": {"width": 0.05, "reference": "index"}}
# Sold at the market price, decays at once: what a forced sale does is gone at the next step.
PASSING = Scenario(label="exogenous", recovery_seconds=1.0, permanent_share=0.0)
# The second long has 130 of cash: at 100 and 90.5 it is sound, below 87.87 it is not.
NEXT = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 130.0}, "next")


def test_the_band_keeps_a_sale_from_dragging_the_next_account_down() -> None:
    """905 sold into a depth of 10,000 push the price 8.6% below the index of 90.5, to 82.7, where
    the next account has -43 < 8.27 and would be sold in the same step. 82.7 is below 0.95 x 90.5:
    it waits, the price is back at the next step, and it has 35 again."""
    _, plain, _ = go({}, [100.0, 90.5, 90.5], traders=[BUST, NEXT], depth=1e4, scenario=PASSING)
    assert [row for row in told(plain) if row[2] == "LIQUIDATION"] == [
        (1, 0, "LIQUIDATION"),
        (1, 1, "LIQUIDATION"),
    ]
    prices = [100.0, 90.5, 90.5]
    _, tape, _ = go(BAND, prices, traders=[BUST, NEXT], depth=1e4, scenario=PASSING)
    assert [row for row in told(tape) if row[2] != "COVER"] == [
        (1, 0, "LIQUIDATION"),
        (1, 1, "BAND_HALT"),
    ]
    assert tape.desk_equity[0, -1, 1] == pytest.approx(35.0)
    assert float(tape.fund.sum()) < float((plain.fund + plain.socialised).sum())
    # An odd rational function close to exp: 0.9136 for 0.0905, so 82.68.
    assert tape.trough[0, 1] == pytest.approx(90.5 * np.exp(-0.0905), rel=1e-3)


def test_the_band_hurts_when_the_index_follows() -> None:
    """As before, but the index falls to 80 at the next step: the next account loses 70 more than
    its 130 instead of being sold at the band's foot."""
    prices = [100.0, 90.5, 80.0]
    _, plain, _ = go({}, prices, traders=[BUST, NEXT], depth=1e4, scenario=PASSING)
    _, tape, _ = go(BAND, prices, traders=[BUST, NEXT], depth=1e4, scenario=PASSING)
    late = [row for row in told(tape) if row[1] == 1]
    assert late == [(1, 1, "BAND_HALT"), (2, 1, "LIQUIDATION"), (2, 1, "COVER")]
    assert (tape.fund + tape.socialised).sum() > (plain.fund + plain.socialised).sum()


@pytest.mark.parametrize(("width", "step"), [(0.05, 2), (0.09, 1)])
def test_the_second_in_a_round_waits_where_the_first_leaves_the_price_outside(
    width: float, step: int
) -> None:
    """Both have 5 at 90.5. The first one's 905 take the price to 82.68: outside 85.98 (5%), inside
    82.36 (9%). Outside, the second waits and sells alone at the next step; inside both sell at
    once and pay the mean price of 1,810 together."""
    twin = replace(BUST, owner="twin")
    band = {"price_band": {"width": width, "reference": "index"}}
    prices = [100.0, 90.5, 90.5]
    _, tape, _ = go(band, prices, traders=[BUST, twin], depth=1e4, scenario=PASSING)
    sold = [row[:2] for row in told(tape) if row[2] == "LIQUIDATION"]
    assert sold == [(1, 0), (step, 1)]
    assert ("BAND_HALT" in {row[2] for row in told(tape)}) == (step == 2)
    # Alone 905 sell at a mean factor of 1 - 0.0905 / 2 + ..., together at 1 - 0.181 / 2 + ...
    mean = [(1.0 - np.exp(-q)) / q for q in (0.0905, 0.181)]
    factor = mean[0] if step == 2 else mean[1]
    short = 2 * 900.0 - 2 * 905.0 * factor
    assert float((tape.fund + tape.socialised).sum()) == pytest.approx(short, rel=2e-3)


STALE = {"staleness": {"limit_seconds": 120.0}}
# ETH's price is sent when it is half away, BTC's at every step.
TWO_FEEDS = perpetuals_venue(("fund", "socialised"), fund=200.0, feeds={"ETH": Feed(deviation=0.5)})
MIXED = Trader(
    "perps", [Held("BTC-PERP", 10.0, 100.0), Held("ETH-PERP", 1.0, 10.0)], {"USD": 100.0}, "mixed"
)


def test_an_account_with_one_stale_price_waits_and_may_be_saved_by_it() -> None:
    """ETH's price is 180 s old at step 3: over 120 s. The account that also holds ETH waits, the
    other is sold at 90.5; at step 4 BTC is at 95 and the one that waited has 50."""
    prices = [100.0, 100.0, 100.0, 90.5, 95.0]
    setup, tape, state = go(STALE, prices, traders=[MIXED, BUST], rulebook=TWO_FEEDS)
    assert told(tape) == [(3, 0, "STALE_HALT"), (3, 1, "LIQUIDATION")]
    assert tape.desk_equity[0, -1].tolist() == pytest.approx([50.0, 5.0])
    assert withdrawals_stopped(setup, state, 4, 0).tolist() == [True]


def test_a_stale_price_hurts_when_nothing_else_moves_back() -> None:
    """The same with 85 at step 4, still waiting: 50 of deficit are open at the end."""
    prices = [100.0, 100.0, 100.0, 90.5, 85.0]
    _, tape, _ = go(STALE, prices, traders=[MIXED, BUST], rulebook=TWO_FEEDS)
    assert told(tape) == [(3, 0, "STALE_HALT"), (3, 1, "LIQUIDATION")]
    assert tape.open_deficit[0].tolist() == pytest.approx([50.0])


def test_a_stale_price_comes_back_with_the_next_update() -> None:
    """ETH at 4 is 60% away at step 4: sent, and the account is sold: 10 x 86 + 4 - 910 = -46."""
    _, tape, _ = go(
        STALE,
        [100.0, 100.0, 100.0, 90.5, 86.0],
        traders=[MIXED, BUST],
        rulebook=TWO_FEEDS,
        ETH=[10.0, 10.0, 10.0, 10.0, 4.0],
    )
    assert told(tape)[2:] == [(4, 0, "LIQUIDATION"), (4, 0, "COVER")]
    assert tape.fund.sum() == pytest.approx(46.0)


ONE_A_STEP = {"liquidation_rate_limit": {"window_seconds": 60.0, "accounts": 1}}
TWIN = replace(BUST, owner="twin")


def test_a_rate_limit_lets_the_last_in_the_queue_recover() -> None:
    """Both have 5 at 90.5; the first by number is sold, the second has 45 at 94.5."""
    _, tape, _ = go(ONE_A_STEP, [100.0, 90.5, 94.5], traders=[BUST, TWIN])
    assert told(tape) == [(1, 1, "RATE_HALT"), (1, 0, "LIQUIDATION")]
    assert tape.desk_equity[0, -1].tolist() == pytest.approx([5.0, 45.0])


def test_a_rate_limit_hurts_when_the_price_falls_on() -> None:
    """At 88 the second has -20: the fund pays. Both would have been sold at 90.5."""
    _, tape, _ = go(ONE_A_STEP, [100.0, 90.5, 88.0], traders=[BUST, TWIN])
    assert told(tape)[2:] == [(2, 1, "LIQUIDATION"), (2, 1, "COVER")]
    assert tape.fund.sum() == pytest.approx(20.0)
    _, plain, _ = go({}, [100.0, 90.5, 88.0], traders=[BUST, TWIN])
    assert plain.fund.sum() == 0.0


def with_vault(cap: float) -> dict[str, Any]:
    return {"open_interest_cap": {"caps": {"BTC-PERP": cap}}}


VAULT = perpetuals_venue(
    ("backstop", "socialised"),
    backstop=1_000.0,
    liquidation=Liquidation("orderbook", backstop_ratio=2 / 3),
)


def vault_gain(cap: float, last: float) -> tuple[list[str], float]:
    """What happened at 90.4 and what the vault is worth after ``last``, beyond its 1,000."""
    _, tape, state = go(with_vault(cap), [100.0, 90.4, last], rulebook=VAULT)
    held = state.accounts.vault_contracts[0].sum() * last
    cash = state.accounts.assets["backstop"][0, 0, 0]
    return [kind for *_, kind in told(tape)], float(cash + held - 1_000.0)


def test_a_cap_on_open_interest_keeps_the_vault_out_of_a_loss() -> None:
    """At 90.4 equity is 4 < 2/3 x 9.04: the vault's. Longs are 10 x 90.4 = 904: with a cap of 904
    it may not, and the account is sold; without, it takes 4 and loses 104 at 80."""
    assert vault_gain(1_000.0, 80.0) == (["BACKSTOP"], pytest.approx(-100.0))
    assert vault_gain(904.0, 80.0) == (["LIQUIDATION"], pytest.approx(0.0))


def test_a_cap_on_open_interest_costs_the_vault_a_recovery() -> None:
    assert vault_gain(1_000.0, 95.0) == (["BACKSTOP"], pytest.approx(50.0))
    assert vault_gain(904.0, 95.0) == (["LIQUIDATION"], pytest.approx(0.0))


def test_open_interest_counts_the_larger_side_and_the_vault() -> None:
    setup, _, state = go(with_vault(1e9), [100.0, 90.4, 90.0], rulebook=VAULT)
    c = setup.table.contracts.index((0, "BTC-PERP"))
    # The vault holds the 10 that the bust account had; traders are short 10.
    assert open_interest(setup, state, np.array([0]))[0, c] == pytest.approx(900.0)


GATE = {"withdrawal_gate": {"outflow": 0.0, "window_seconds": 3_600.0, "closed_seconds": 120.0}}
# Bankrupt at 82.
LATER = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 180.0}, "later")


def test_a_closed_gate_keeps_the_fund_and_the_others_pay() -> None:
    """At 85 the fund pays 50 of its 80 and the gate closes for steps 1 and 2. At 80 the second
    account lacks 20, which the short pays though the fund has 30. Without the gate the fund does.
    """
    traders = [BUST, LATER, SHORT]
    setup, tape, state = go(GATE, [100.0, 85.0, 80.0], traders=traders)
    assert [row for row in told(tape) if row[2] == "GATE_CLOSED"] == [(1, 0, "GATE_CLOSED")]
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(30.0)
    assert tape.socialised.sum() == pytest.approx(20.0)
    assert tape.desk_equity[0, -1].tolist() == pytest.approx([0.0, 0.0, 1_080.0])
    assert withdrawals_stopped(setup, state, 2, 0).all()
    assert not withdrawals_stopped(setup, state, 3, 0).any()
    _, plain, _ = go({}, [100.0, 85.0, 80.0], traders=traders)
    assert plain.fund.sum() == pytest.approx(70.0)
    assert plain.desk_equity[0, -1, 2] == pytest.approx(1_100.0)


def test_the_gate_opens_again() -> None:
    """At step 3 it is open: the fund pays the 20."""
    _, tape, _ = go(GATE, [100.0, 85.0, 85.0, 80.0], traders=[BUST, LATER, SHORT])
    assert tape.fund.sum() == pytest.approx(70.0)
    assert tape.socialised.sum() == 0.0
    # Once more above its limit, it closes once more.
    assert [row[0] for row in told(tape) if row[2] == "GATE_CLOSED"] == [1, 3]
