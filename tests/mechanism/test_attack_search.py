"""The best attack on a Case of two prices: worked by hand, and against a slow search.

Perpetuals at "p": 1,000 BTC open at 100, 20% initial margin. Loans at "l": BTC at 80% loan to
value. The market of BTC is 1e6 deep under linear impact that decays in 600 s; steps of 60 s.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.attack import profit
from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.exposure.attacker_profit import attacker_money, attacker_profit
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.mechanism.attack.gain import Prize, bonus_gain, loan_proceeds, withdrawal
from seawall.mechanism.attack.search import best, break_even_depth, closers, targets
from seawall.mechanism.attack.seen import Sight, seen
from seawall.mechanism.attack.study import attack, played
from seawall.venues import Collateral, Feed, Tier

TERMS = Collateral(0.8, 0.85, 0.05)


def case(
    depth: float = 1e6,
    slots: dict[str, Any] | None = None,
    feed: Feed | None = None,
    cash: float = 60_000.0,
) -> Case:
    perps = perpetuals_venue(tiers=(Tier(0.0, 5.0, 0.05),))
    perps = replace(perps, mechanisms=slots or {}, feed=feed or Feed())
    lender = lending_venue({"BTC": TERMS, "USD": TERMS}, feed=feed)
    traders = [
        Trader("p", [Held("BTC-PERP", 1_000.0, 100.0)], {"USD": cash}),
        Trader("p", [Held("BTC-PERP", -1_000.0, 100.0)], {"USD": cash}),
        Trader("l", (), {"BTC": 1_000.0, "USD": -70_000.0}),
        Trader("l", (), {"USD": 100_000.0}),
    ]
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"p": perps, "l": lender},
        {"BTC": coin(100.0, depth)},
        scenario=Scenario(recovery_seconds=600.0),
    )


def test_withdrawal_by_hand() -> None:
    """N = 1,000 at 20%: at 1.5 equity is 200 + 500, margin 300: 400 out, 200 put in, 200 gained."""
    prize = Prize(1e9, 1e9, ((1_000.0, 0.2),))
    gain, size, margin = withdrawal(prize, np.array([1.5, 1.25, 1.2, 0.5]))
    # At 1.25: 250 x 0.8 = 200, just what was put in. Short at 0.5: 200 + 500 - 100 - 200 = 400.
    assert gain == pytest.approx([200.0, 0.0, 0.0, 400.0])
    assert size[[0, 3]] == pytest.approx([1_000.0, 1_000.0]) and margin[0] == pytest.approx(200.0)
    assert withdrawal(replace(prize, available=50.0), np.array([1.5]))[0] == [50.0]


def test_loans_by_hand() -> None:
    """80% of a price seen at 2 is 1.6: 100 of own units and 150 bought beside bring 400 - 150."""
    prize = Prize(400.0, math.inf, weight=0.8)
    worth, sale = np.array([100.0]), np.array([90.0])
    brought, extra = loan_proceeds(prize, np.array([2.0]), worth, sale)
    assert (float(brought[0]), float(extra[0])) == pytest.approx((250.0, 150.0))
    # At 1.2 a unit brings 0.96: nothing is bought beside, and selling at 90 is not better.
    brought, extra = loan_proceeds(prize, np.array([1.2]), worth, sale)
    assert (float(brought[0]), float(extra[0])) == pytest.approx((96.0, 0.0))


def test_the_bonus_by_hand() -> None:
    """At 0.8 collateral seen is 80,000, 85% of it 68,000 < 70,000: all is repaid for 73,500 at 0.8,
    that is 91,875 at the true price: 21,875 gained. At 0.9 nobody falls.
    """
    setup = prepare(case())
    v, k = setup.table.venues.index("l"), setup.table.assets.index("BTC")
    assert bonus_gain(setup, v, k, 0.8) == pytest.approx(70_000.0 * (1.05 / 0.8 - 1.0))
    assert bonus_gain(setup, v, k, 0.9) == 0.0
    # At 0.5 all collateral goes: 50,000 seen pays for 47,619, worth 100,000.
    assert bonus_gain(setup, v, k, 0.5) == pytest.approx(100_000.0 - 50_000.0 / 1.05)


def test_sight_by_hand() -> None:
    f, h = np.array([1.4]), np.array([300.0])
    assert seen(Sight(60.0), f, h) == pytest.approx([1.4])
    assert seen(Sight(60.0, window_seconds=600.0), f, h) == pytest.approx([1.2])
    assert seen(Sight(60.0, per_hour=0.6), f, h) == pytest.approx([1.05])
    assert seen(Sight(60.0, per_update=0.01), f, h) == pytest.approx([1.01**5])
    assert seen(Sight(60.0, deviation=0.5), f, h) == [1.0]
    assert seen(Sight(60.0, delay_seconds=300.0), f, h) == [1.0]
    assert seen(Sight(60.0, delay_seconds=240.0), f, h) == pytest.approx([1.4])
    assert seen(Sight(60.0, highest=1.1), f, h) == pytest.approx([1.1])


def slow_best(depth: float, notional: float, available: float) -> float:
    """Long perpetuals, closed forms on a fine grid: one step held, sold at once or slowly."""
    r, top = 60.0 / 600.0, -math.inf
    for b in np.linspace(0.005, 2.3, 4_000):
        at_once = depth * (r * b - math.log(1.0 + r * b * math.exp(-b)))
        slowly = depth * (b - 1.0 + math.exp(-b) + r * b * (1.0 - math.exp(-b)))
        gain = notional * ((math.exp(b) - 1.0) * 0.8 - 0.2)
        top = max(top, min(gain, available) - min(at_once, slowly))
    return top


def test_the_search_finds_the_best_of_a_slow_one() -> None:
    """The whole open interest of 1e5; 120,000 is there. The table is coarse: 5% below at most."""
    setup = prepare(case(depth=2e5))
    target = next(t for t in targets(setup, share=1.0) if t.scheme == "withdraw")
    found = best(target, target.sight, target.prize, target.market.depth)
    slow = slow_best(2e5, 1e5, 120_000.0)
    assert 0.95 * slow <= found.net <= 1.01 * slow and slow > 0.0
    assert found.net == pytest.approx(found.gain - found.cost)


def test_break_even_depth_and_what_closes_it() -> None:
    setup = prepare(case(depth=2e5))
    for target in targets(setup, share=1.0):
        edge = break_even_depth(target)
        assert edge is not None
        for depth, pays in ((edge * 0.999, True), (edge * 1.001, False)):
            net = best(target, target.sight, target.prize, depth).net
            assert (net > 0.0) is pays
        poor = replace(target, capital=1_000.0)
        assert best(poor, target.sight, target.prize, target.market.depth).net <= 0.0
        if edge <= target.market.depth:
            continue
        by = closers(target)
        # Each closes it alone, and a little less does not.
        for key, scale in (("window_seconds", 1.001), ("cap_per_hour", 0.999)):
            bound = by[key]
            assert bound is not None
            name = "window_seconds" if key == "window_seconds" else "per_hour"
            for factor, closed in ((scale, True), (1.0 / scale**10, False)):
                sight = replace(target.sight, **{name: bound * factor})
                net = best(target, sight, target.prize, target.market.depth).net
                assert (net <= 0.0) is closed, (target.scheme, key, factor)
        assert by["sources"] == 2 * math.ceil(edge / target.market.depth) - 1
        assert by["size_cap"] is None or by["size_cap"] > 0.0


def test_the_study_reports_by_net_and_a_slow_oracle_costs_the_attacker() -> None:
    fast = attack(case(depth=2e5), share=1.0)
    assert fast["pays"] >= 2 and [r["net"] for r in fast["rows"]] == sorted(
        (r["net"] for r in fast["rows"]), reverse=True
    )
    twap = {"oracle_source": {"rule": "twap", "window_seconds": 1_800.0}}
    slow = attack(case(depth=2e5, slots=twap), share=1.0)

    def at_p(found: dict[str, Any]) -> float:
        return max(r["net"] for r in found["rows"] if r["venue"] == "p")

    assert at_p(slow) < at_p(fast)
    with pytest.raises(InputError, match="share"):
        attack(case(), share=0.0)


def both(scheme: str, depth: float, dt: float) -> tuple[float, float]:
    """What the study says of its best plan, and what the loop's attacker gains by it."""
    plain = replace(case(depth, cash=1e7), step_seconds=dt)
    setup = prepare(plain)
    target = next(t for t in targets(setup, share=1.0) if t.scheme == scheme)
    plan = best(target, target.sight, target.prize, target.market.depth)
    slot = played(setup, target, plan)
    playing = replace(plain, market=replace(plain.market, mechanisms={"attacker": slot}))
    steps = 3 + round((slot["hold_seconds"] + slot["exit_seconds"]) / dt)
    _, tape, state = run_case(playing, paths_of(playing, BTC=[100.0] * (steps + 1)))
    gained = float(profit(state)[0])
    found = attacker_profit(attacker_money(tape, steps))
    assert found["profit_mean"] == pytest.approx(gained, rel=1e-6)
    return plan.net, gained


def test_the_loop_plays_the_best_plan_and_gains_what_the_study_says() -> None:
    """Nobody else breaks. What is seen at the take has decayed by a step, a tenth of the decay time
    and then a twentieth: the gap is of the first order in the step.
    """
    one, other = both("withdraw", 2e5, 60.0), both("withdraw", 2e5, 30.0)
    gaps = [net - gained for net, gained in (one, other)]
    assert one[0] > 0.0 and 0.0 < gaps[0] < 0.25 * one[0]
    assert gaps[1] < 0.65 * gaps[0]


def test_a_loan_left_behind_gains_in_the_loop_too() -> None:
    """The study sells a share of all units, the loop the first of them: it may gain more."""
    net, gained = both("borrow", 2e4, 30.0)
    assert 0.0 < net < gained < 1.5 * net
