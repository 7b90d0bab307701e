"""Hedgers by hand and against closed forms: gamma over depth, bands, caps, latency, who pays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    AS_OF,
    Floats,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.agents.hedgers import (
    HedgeMemory,
    cube_root,
    dealers_delta,
    dealers_gamma,
    half_width,
)
from seawall.cascade.engine import prepare
from seawall.cascade.state import State
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.valuation.black import greeks

PERMANENT = Scenario(permanent_share=1.0, recovery_seconds=3600.0)


def one_coin(
    hedgers: dict[str, Any], depth: float = 1e6, scenario: Scenario = PERMANENT, **more: Any
) -> Case:
    """BTC at 100 at one venue, where a trader far from any limit stands by."""
    trader = Trader("perps", [Held("BTC-PERP", 0.001, 100.0)], {"USD": 1e6})
    case = tiny_case(
        [trader],
        [perpetual("BTC-PERP", "BTC")],
        {"perps": perpetuals_venue()},
        {"BTC": coin(100.0, depth, **more)},
        scenario=scenario,
    )
    return replace(case, market=replace(case.market, mechanisms={"hedgers": hedgers}))


def pocket(gamma: float, **more: Any) -> dict[str, Any]:
    """Dealers with this gamma notional per unit of log-price (their delta's change per 100%)."""
    trading = {key: more.pop(key) for key in list(more) if key not in ("centre", "width")}
    entry = {"asset": "BTC", "gamma_per_percent": gamma / 100.0, **more}
    return {"rule": "profile", "venue": "perps", "pockets": [entry], **trading}


def hedged(case: Case, prices: list[float]) -> tuple[HedgeMemory, State]:
    _, _, state = run_case(case, paths_of(case, BTC=prices))
    memory = state.market_agents.hedgers
    assert memory is not None
    return memory, state


@pytest.mark.parametrize("ratio", [-0.5, -0.2, 0.2, 0.5, 0.9])
def test_a_shock_ends_at_shock_over_one_plus_gamma_over_depth(ratio: float) -> None:
    # Constant S^2 Gamma = ratio x depth, permanent linear impact: log-moves add up to
    # s (1 - ratio + ratio^2 - ...) = s / (1 + ratio): 2 s at -0.5, 0.667 s at +0.5.
    depth, shock = 1e6, -0.005
    case = one_coin(pocket(ratio * depth), depth)
    prices = [100.0] + [100.0 * np.exp(shock)] * 120
    _, state = hedged(case, prices)
    end = float(np.log(state.market[0, case.book.assets.index("BTC")] / 100.0))
    # Beyond the first order: flow is priced before each trade, a share of about the move itself.
    assert end == pytest.approx(shock / (1.0 + ratio), rel=0.012)


def test_the_closed_form_is_the_limit_of_small_shocks() -> None:
    errors = []
    for shock in (-0.04, -0.02, -0.01):
        case = one_coin(pocket(-0.5e6), 1e6)
        _, state = hedged(case, [100.0] + [100.0 * np.exp(shock)] * 120)
        end = np.log(state.market[0, case.book.assets.index("BTC")] / 100.0)
        errors.append(abs(end / (2.0 * shock) - 1.0))
    # First order: half the shock, half the error.
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.06)
    assert errors[2] / errors[1] == pytest.approx(0.5, abs=0.06)


def test_one_step_by_hand() -> None:
    # Short gamma: 1,000 quote per 1%, G = -1e5. D(S) = -1e5 (1/100 - 1/S) up to a constant.
    # At 80, D rose by -1e5 (1/100 - 1/80) = +250, so they want H = -250 units: -20,000 quote.
    # Depth 1e6: b = -0.02, D(-x) = 1 / (1 + x + x^2/2 + x^3/6 + x^4/24) at x = 0.02 and 0.01.
    case = one_coin(pocket(-1e5, cost=0.001))
    memory, state = hedged(case, [100.0, 80.0])
    btc, usd = case.book.assets.index("BTC"), case.book.assets.index("USD")

    def fall(x: float) -> float:
        return 1.0 / (1.0 + x + x**2 / 2 + x**3 / 6 + x**4 / 24)

    mean = 80.0 * (1.0 + 4.0 * fall(0.01) + fall(0.02)) / 6.0
    assert memory.held[0, 0] == pytest.approx(-250.0, rel=1e-12)
    assert state.market[0, btc] == pytest.approx(80.0 * fall(0.02), rel=1e-12)
    assert memory.costs[0, 0] == pytest.approx(0.001 * 250.0 * mean, rel=1e-12)
    assert memory.cash[0, 0] == pytest.approx(0.999 * 250.0 * mean, rel=1e-12)
    assert memory.slippage[0, 0] == pytest.approx(250.0 * (80.0 - mean), rel=1e-12)
    accounts = state.accounts.assets
    assert accounts["outside"][0, 0, btc] == pytest.approx(-250.0, rel=1e-12)
    assert accounts["book"][0, 0, btc] == pytest.approx(250.0, rel=1e-12)
    assert accounts["outside"][0, 0, usd] == pytest.approx(memory.cash[0, 0], rel=1e-12)
    assert accounts["book"][0, 0, usd] == pytest.approx(-memory.cash[0, 0], rel=1e-12)


def test_they_trade_to_the_edge_of_a_fixed_band() -> None:
    # Infinite depth. At 80 they want -250 units; a band of 4,000 quote is 50 units: they sell 200.
    # At 90 they want -1e5 (1/90 - 1/100) = -111.1, 88.9 off; the band is 44.4: they buy 44.4.
    memory, _ = hedged(one_coin(pocket(-1e5, band=4e3), np.inf), [100.0, 80.0, 90.0])
    assert memory.held[0, 0] == pytest.approx(-1e5 * (1 / 90 - 1 / 100) - 4e3 / 90, rel=1e-12)
    memory, _ = hedged(one_coin(pocket(-1e5, band=4e3), np.inf), [100.0, 80.0])
    assert memory.held[0, 0] == pytest.approx(-200.0, rel=1e-12)
    memory, _ = hedged(one_coin(pocket(-1e5, band=4e3), np.inf), [100.0, 97.0])
    assert memory.held[0, 0] == 0.0


def test_the_band_of_whalley_and_wilmott() -> None:
    # S = 50, S^2 Gamma = -1e4 so Gamma = -4, cost 0.2%, aversion 1e-3 per quote:
    # (1.5 x 0.002 x 50 x 16 / 0.001)^(1/3) = 2400^(1/3) = 13.3887 units.
    case = one_coin(pocket(-1e4, cost=0.002, risk_aversion=1e-3), np.inf)
    rule = prepare(case).market_agents.hedgers
    assert rule is not None
    assert half_width(rule, np.array([[50.0]]), 0.0)[0, 0] == pytest.approx(13.38866, rel=1e-6)


def test_a_book_eight_thousand_times_as_large_has_a_root_as_large_to_the_last_bit() -> None:
    """L7: NumPy's cube root of 2^30 x is not always 2^10 times that of x."""
    x = np.exp(np.random.default_rng(5).normal(0.0, 8.0, 20_000))
    assert np.any(np.cbrt(2.0**30 * x) != 2.0**10 * np.cbrt(x)), "the test tests nothing"
    assert np.array_equal(cube_root(2.0**30 * x), 2.0**10 * cube_root(x))
    assert cube_root(x) == pytest.approx(np.cbrt(x), rel=4e-16)
    assert cube_root(np.array([0.0, 1.0, 27.0])) == pytest.approx([0.0, 1.0, 3.0], rel=4e-16)


def test_participation_caps_each_step() -> None:
    # Volume 1.44e6 a day, steps of a minute: 1,000 a step, 10% of it is 100 quote. They want to
    # sell 250 units at 80: in step n they have sold n x 100 / 80.
    hedgers = pocket(-1e5, participation=0.1)
    case = one_coin(hedgers, np.inf, daily_volume=1.44e6)
    memory, _ = hedged(case, [100.0] + [80.0] * 7)
    assert memory.held[0, 0] == pytest.approx(-7 * 100.0 / 80.0, rel=1e-12)


def test_latency_is_the_age_of_the_price_they_act_on() -> None:
    # Two minutes are two steps: the fall of step 1 is acted on in step 3, at the price of then.
    case = one_coin(pocket(-1e5, latency_seconds=120.0), np.inf)
    assert hedged(case, [100.0, 80.0, 80.0])[0].held[0, 0] == 0.0
    memory, _ = hedged(case, [100.0, 80.0, 80.0, 90.0])
    assert memory.held[0, 0] == pytest.approx(-250.0, rel=1e-12)
    assert memory.cash[0, 0] == pytest.approx(250.0 * 90.0, rel=1e-12)


def test_a_venue_that_is_out_takes_no_orders() -> None:
    # Out for two minutes from the first step on: the fall of step 1 is hedged in step 3, at 90.
    outage = {"venue": "perps", "duration_seconds": 120.0, "at_seconds": 60.0}
    case = one_coin(pocket(-1e5), np.inf)
    slots = {**case.market.mechanisms, "failures": {"venue_outage": [outage]}}
    case = replace(case, market=replace(case.market, mechanisms=slots))
    assert hedged(case, [100.0, 80.0, 80.0])[0].held[0, 0] == 0.0
    memory, _ = hedged(case, [100.0, 80.0, 80.0, 90.0, 90.0])
    assert memory.held[0, 0] == pytest.approx(-1e5 * (1 / 90 - 1 / 100), rel=1e-12)


def test_gamma_ends_where_the_pocket_ends() -> None:
    # Width 10%: from 90 down nothing more is to be sold.
    case = one_coin(pocket(-1e5, width=0.1), np.inf)
    at_edge = hedged(case, [100.0, 90.0])[0].held[0, 0]
    assert at_edge == pytest.approx(-1e5 * (1 / 90 - 1 / 100), rel=1e-12)
    assert hedged(case, [100.0, 50.0])[0].held[0, 0] == at_edge


def test_strikes_are_valued_by_black() -> None:
    listed = [
        {"asset": "BTC", "strike": 90.0, "size": -3.0, "days": 7.0, "volatility": 0.7},
        {"asset": "BTC", "strike": 110.0, "size": 2.0, "days": 30.0, "volatility": 0.5},
    ]
    case = one_coin({"rule": "strikes", "venue": "perps", "strikes": listed}, np.inf)
    rule = prepare(case).market_agents.hedgers
    assert rule is not None
    price, years = np.array([[85.0], [100.0], [130.0]]), 3.0 / 365.0
    expected: list[Floats] = []
    for field in ("delta", "gamma"):
        near = greeks(price[:, 0], 90.0, 4.0 / 365.0, 0.7, True)
        far = greeks(price[:, 0], 110.0, 27.0 / 365.0, 0.5, True)
        expected.append(-3.0 * getattr(near, field) + 2.0 * getattr(far, field))
    got = dealers_delta(rule.gammas, price, years)[:, 0]
    np.testing.assert_allclose(got, expected[0], rtol=1e-12, atol=1e-13)
    got = dealers_gamma(rule.gammas, price, years)[:, 0]
    np.testing.assert_allclose(got, expected[1], rtol=1e-12, atol=1e-15)


def test_what_has_expired_is_delivered_and_hedged_no_more() -> None:
    # 10 calls at 100 expire at step 2, at 110: delta 10, so H = D(100) - 10. A minute later the
    # price is 90: the coins have changed hands. The other 5 calls at 95 are hedged all the way.
    days = 120.0 / 86_400.0
    short = {"asset": "BTC", "strike": 100.0, "size": 10.0, "days": days, "volatility": 0.6}
    long = {**short, "strike": 95.0, "size": 5.0, "days": 1.0}
    held = {}
    for name, options in {"short": [short], "both": [short, long], "long": [long]}.items():
        rule = {"rule": "strikes", "venue": "perps", "strikes": options}
        memory, _ = hedged(one_coin(rule, 1e30), [100.0, 104.0, 110.0, 90.0, 90.0])
        held[name] = float(memory.held[0, 0])
        if name == "short":
            assert held[name] == pytest.approx(float(memory.start[0, 0]) - 10.0, rel=1e-12)
            assert -6.0 < held[name] < -4.0
    assert held["both"] == pytest.approx(held["short"] + held["long"], rel=1e-9)


def test_open_interest_of_the_case_is_shared_out() -> None:
    # Dealers bought 40% of the calls and sold 70% of the puts: 5 x 0.4 and 8 x -0.7; the call's
    # forward is 101 on a spot of 100. Options of unknown open interest do not count.
    instruments = [
        option("C", "BTC", 110.0, True, 30.0),
        option("P", "BTC", 90.0, False, 10.0),
        option("X", "BTC", 95.0, False, 10.0),
        perpetual("BTC-PERP", "BTC"),
    ]
    states = {
        "C": InstrumentState(mark=101.0, open_interest=5.0, implied_volatility=0.5),
        "P": InstrumentState(open_interest=8.0, implied_volatility=0.6),
        "X": InstrumentState(implied_volatility=0.6),
    }
    trader = Trader("perps", [Held("BTC-PERP", 0.001, 100.0)], {"USD": 1e6})
    case = tiny_case(
        [trader],
        instruments,
        {"perps": perpetuals_venue()},
        {"BTC": coin(100.0)},
        states=states,
    )
    slot = {"rule": "open_interest", "venue": "perps", "calls": 0.4, "puts": -0.7}
    case = replace(case, market=replace(case.market, mechanisms={"hedgers": slot}))
    rule = prepare(case).market_agents.hedgers
    assert rule is not None
    assert rule.gammas.size.tolist() == pytest.approx([2.0, -5.6])
    assert rule.gammas.forward.tolist() == pytest.approx([1.01, 1.0])
    assert rule.gammas.years.tolist() == pytest.approx([30 / 365, 10 / 365])
    bare = replace(case, market=replace(case.market, instruments={}))
    with pytest.raises(InputError, match="open interest"):
        prepare(bare)
    late = replace(case, as_of=AS_OF + timedelta(days=5))
    assert prepare(late).market_agents.hedgers.gammas.years[1] == pytest.approx(5 / 365)


def test_what_they_name_must_be_there() -> None:
    with pytest.raises(InputError, match=r"trades at 'perp'.*perps"):
        prepare(one_coin({**pocket(1.0), "venue": "perp"}))
    dollars = {**pocket(1.0), "pockets": [{"asset": "USD", "gamma_per_percent": 1.0}]}
    with pytest.raises(InputError, match="names the asset 'USD'"):
        prepare(one_coin(dollars))
    with pytest.raises(InputError, match="band and risk_aversion"):
        prepare(one_coin(pocket(1.0, band=1.0, risk_aversion=1.0)))
    lender = one_coin({**pocket(1.0), "venue": "lender"})
    lender = replace(lender, rulebooks={**lender.rulebooks, "lender": lending_venue({})})
    with pytest.raises(InputError, match="trades at 'lender'"):
        prepare(lender)
