"""The smallest impairing shock against closed forms, by hand or by code of the tests' own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.setup import Setup
from seawall.cascade.tape import NEVER, Tape
from seawall.case import Case
from seawall.case.impairment_kinds import ImpairmentKind
from seawall.exposure.impairment import Impairment
from seawall.exposure.reverse.answer import begin_trial, profile, reverse_stress, tried_for
from seawall.exposure.reverse.directions import directions_of
from seawall.exposure.reverse.lattice import Lattice
from seawall.exposure.reverse.measure import Axis, Norm
from seawall.exposure.reverse.search import Asked, smallest
from seawall.foundation.errors import InputError
from seawall.foundation.pricekind import PriceKind
from seawall.market.state import InstrumentState
from seawall.venues import Collateral

LIQUIDATION = (ImpairmentKind.LIQUIDATION,)
STEP = 600.0
SIGMA = 0.6 / math.sqrt(365.0)
PERPS = [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")]
COINS = {"BTC": coin(90_000.0), "ETH": coin(3_000.0)}


def perp_case(*traders: Trader, correlation: float = 0.0) -> Case:
    venue = perpetuals_venue()
    return tiny_case(
        traders,
        PERPS,
        {"perps": venue, "other": venue},
        COINS,
        correlation={("BTC", "ETH"): correlation},
        step_seconds=STEP,
        impairments=LIQUIDATION,
    )


def trader(venue: str, instrument: str, size: float, price: float, margin: float) -> Trader:
    return Trader(venue, [Held(instrument, size, price)], {QUOTE: margin}, "harbour")


def test_one_perpetual_breaks_at_its_liquidation_price() -> None:
    # 9,000 + (P - 90,000) = 0.01 P at P = 81,000 / 0.99 = 81,818.18: -9.09%.
    found = reverse_stress(perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 9_000.0)))
    answer = found["answer"]
    assert answer["norm"] == pytest.approx((1.0 - 81_000.0 / 0.99 / 90_000.0) / SIGMA, rel=1e-3)
    assert answer["shock"]["spot"][0]["price"] == pytest.approx(81_818.18, rel=1e-4)
    assert answer["breaks"]["kind"] == "liquidation"
    assert (answer["breaks"]["instrument"], answer["breaks"]["side"]) == ("BTC-PERP", "long")
    # Nothing else can matter here, and the answer says why.
    assert set(found["idle"]) == {"volatility", "depth", "latency"}
    assert answer["over"] == ["spot"]
    assert found["ray"] == {"monotone": True, "unharmed": []}


def test_a_loan_breaks_where_its_health_factor_is_one() -> None:
    # 10 ETH at threshold 0.8 against 20,000: health 1.2, so the price may fall to 2,500.
    loan = Trader("lender", (), {"ETH": 10.0, QUOTE: -20_000.0}, "harbour")
    terms = {"ETH": Collateral(0.75, 0.8, 0.05), QUOTE: Collateral(0.75, 0.78, 0.045)}
    case = tiny_case([loan], [], {"lender": lending_venue(terms)}, COINS, impairments=LIQUIDATION)
    answer = reverse_stress(case)["answer"]
    assert answer["norm"] == pytest.approx((1.0 - 2_500.0 / 3_000.0) / SIGMA, rel=1e-3)
    moved = {row["asset"]: row for row in answer["shock"]["spot"]}
    assert moved["ETH"]["price"] == pytest.approx(2_500.0, rel=1e-3)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.8])
def test_two_assets_break_at_the_mahalanobis_distance(correlation: float) -> None:
    # Long 1 BTC, short 20 ETH on one account: equity - maintenance is linear in prices, and the
    # nearest point of a half-space {b + g'z < 0} under correlation C lies at b / sqrt(g'C g).
    both = Trader(
        "perps",
        [Held("BTC-PERP", 1.0, 90_000.0), Held("ETH-PERP", -20.0, 3_000.0)],
        {QUOTE: 12_000.0},
        "harbour",
    )
    answer = reverse_stress(perp_case(both, correlation=correlation))["answer"]
    buffer = 12_000.0 - 0.01 * (90_000.0 + 60_000.0)
    g = SIGMA * np.array([90_000.0 * 0.99, -60_000.0 * 1.01])
    matrix = np.array([[1.0, correlation], [correlation, 1.0]])
    nearest = buffer / math.sqrt(float(g @ matrix @ g))
    assert answer["norm"] == pytest.approx(nearest, rel=1e-3)
    assert answer["certificate"]["low"] <= nearest * (1.0 + 1e-9)


def test_accounts_hedged_in_sum_break_on_the_nearer_side() -> None:
    case = perp_case(
        trader("perps", "BTC-PERP", 1.0, 90_000.0, 18_000.0),
        trader("other", "BTC-PERP", -1.0, 90_000.0, 9_000.0),
    )
    # The short: 9,000 - (P - 90,000) = 0.01 P at 99,000 / 1.01 = 98,019.8, +8.9%; the long breaks
    # at 72,000 / 0.99, -19.2%.
    answer = reverse_stress(case)["answer"]
    assert answer["breaks"]["account"] == "t1"
    assert answer["norm"] == pytest.approx((99_000.0 / 1.01 / 90_000.0 - 1.0) / SIGMA, rel=1e-3)
    longs = reverse_stress(case, scope="account:t0")["answer"]
    assert longs["norm"] == pytest.approx((1.0 - 72_000.0 / 0.99 / 90_000.0) / SIGMA, rel=1e-3)


# -- options: volatility ------------------------------------------------------------------------

VOLATILITY, STRIKE, DAYS, CASH = 0.6, 95_000.0, 30.0, 30_000.0
UNIT = 0.25  # log-sd of volatility where the Case states no error (A16)


def normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def short_call_health(z: float, v: float) -> float:
    """Cash less value of the call less its margin (Deribit's form), one step after the shock."""
    spot, sigma = 90_000.0 * (1.0 + SIGMA * z), VOLATILITY * math.exp(UNIT * v)
    years = DAYS / 365.0 - STEP / (365.0 * 86_400.0)
    spread = sigma * math.sqrt(years)
    d = math.log(spot / STRIKE) / spread + spread / 2.0
    value = spot * normal(d) - STRIKE * normal(d - spread)
    return CASH - 2.0 * (value + OPTION_MARGIN.maintenance_base * spot)


def writer_case(*more: Trader) -> Case:
    venue = perpetuals_venue(option_margin=OPTION_MARGIN, margin_price=PriceKind.INDEX)
    writer = Trader("options", [Held("BTC-C", -2.0, 0.0)], {QUOTE: CASH}, "harbour")
    return tiny_case(
        [writer, *more],
        [*PERPS, option("BTC-C", "BTC", STRIKE, True, DAYS)],
        {"options": venue, "perps": perpetuals_venue()},
        COINS,
        states={"BTC-C": InstrumentState(implied_volatility=VOLATILITY)},
        step_seconds=STEP,
        impairments=LIQUIDATION,
    )


def nearest_by_angle(size: str) -> float:
    """Distance of the writer's failure over (spot, volatility), by a dense fan of rays."""
    best = math.inf
    for angle in np.linspace(0.0, math.pi / 2.0, 501):
        z, v = math.cos(angle), math.sin(angle)
        far = 40.0
        if short_call_health(far * z, far * v) < 0:
            r = brentq(lambda t, z=z, v=v: short_call_health(t * z, t * v), 0.0, far)
            best = min(best, r * (max(z, v) if size == "linf" else z + v if size == "l1" else 1.0))
    return best


@pytest.mark.slow
def test_volatility_alone_breaks_a_short_call() -> None:
    # Volatile enough to see it: nobody's price moves, the option alone gets dearer.
    found = reverse_stress(writer_case(), over=[Axis.VOLATILITY])
    root = brentq(lambda v: short_call_health(0.0, v), 0.0, 20.0)
    assert found["answer"]["norm"] == pytest.approx(root, rel=2e-3)
    assert found["answer"]["shock"]["spot"] == []
    assert found["answer"]["shock"]["volatility"] == pytest.approx(math.exp(UNIT * root), rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["l2", "linf", "l1"])
def test_spot_and_volatility_together_under_each_norm(norm: str) -> None:
    found = reverse_stress(
        writer_case(), over=[Axis.SPOT, Axis.VOLATILITY], norm=Norm(norm), points=600
    )
    truth = nearest_by_angle(norm)
    answer = found["answer"]
    assert answer["certificate"]["low"] <= truth <= answer["norm"] * (1.0 + 1e-3)
    assert answer["norm"] == pytest.approx(truth, rel=0.02)


@pytest.mark.slow
def test_l2_and_linf_name_different_accounts() -> None:
    # A long of ETH, independent of BTC, whose distance lies between the two norms of the writer's.
    middle = 0.5 * (nearest_by_angle("linf") + nearest_by_angle("l2"))
    # E - 3,000 q (1 - 0.99 (1 - s m)) = 0 for q = 10 at s m = middle sigmas: see the first test.
    margin = 30_000.0 * (1.0 - 0.99 * (1.0 - SIGMA * middle))
    case = writer_case(trader("perps", "ETH-PERP", 10.0, 3_000.0, margin))
    over = [Axis.SPOT, Axis.VOLATILITY]
    by_l2 = reverse_stress(case, over=over, points=600)["answer"]
    by_linf = reverse_stress(case, over=over, norm=Norm.LINF, points=2_500)["answer"]
    assert by_l2["breaks"]["account"] == "t1"
    assert by_linf["breaks"]["account"] == "t0"
    assert by_l2["norm"] == pytest.approx(middle, rel=2e-3)
    assert by_linf["norm"] < middle
    assert by_linf["shock"]["units"]["volatility"] > 0.0


def test_a_band_that_a_larger_shock_jumps_over_is_found_and_said() -> None:
    # Impaired only while BTC ends between 80,000 and 84,000: a fall of 6.67 to 11.1%, 2.12 to 3.54
    # daily sigmas; nothing beyond it. The band lies on one side, so the ray must cross it.
    case = perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 9_000.0))
    trial, _ = begin_trial(case, None)
    place = trial.setup.table.assets.index("BTC")

    def inside(setup: Setup, tape: Tape) -> Impairment:
        hit = (tape.final[:, place] > 80_000.0) & (tape.final[:, place] < 84_000.0)
        found = trial_verdict(setup, tape)
        return replace(found, step=np.where(hit, 1, NEVER))

    trial_verdict = trial.scope
    trial = replace(trial, scope=inside)
    margin_accounts, held = tried_for(trial.setup, trial.units, "desk:harbour")
    spread = directions_of(trial.setup, trial.units, margin_accounts, held)
    lattice = Lattice((Axis.SPOT,), spread, Norm.L2, 1.0)
    found = smallest(trial, Asked(lattice, 8.0, 300, held, None))
    assert found.shock is not None and found.radius is not None
    assert found.radius == pytest.approx((1.0 - 84_000.0 / 90_000.0) / SIGMA, rel=1e-3)
    ray = profile(trial, found.shock, 8.0, Norm.L2)
    assert not ray["monotone"]
    # The far end of the band, as near as the ray is looked at.
    assert ray["unharmed"][0] == pytest.approx((1.0 - 80_000.0 / 90_000.0) / SIGMA, abs=0.1)
    # With a unit of depth in the norm that adds: 5/3 of the answer's, prices and depth together.
    ray = profile(trial, replace(found.shock, depth=np.ones(1)), 8.0, Norm.L1)
    assert ray["unharmed"][0] == pytest.approx(5.0 / 3.0 * (found.radius + 1.0), abs=0.2)
    assert ray["unharmed"][-1] <= 8.0 + 1e-9


def test_a_desk_that_is_impaired_already_needs_no_shock() -> None:
    found = reverse_stress(perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 500.0)))
    assert found["answer"]["norm"] == 0.0


def test_where_nothing_within_reach_impairs_it_says_so() -> None:
    found = reverse_stress(
        perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 89_000.0)), reach=3.0
    )
    assert found["answer"]["norm"] is None
    assert found["answer"]["certificate"]["checked"] == pytest.approx(3.0)


def test_scopes_that_do_not_exist_are_refused_by_name() -> None:
    case = perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 9_000.0))
    with pytest.raises(InputError, match="protocol, desk:harbour, venue:perps"):
        reverse_stress(case, scope="desk:nobody")
    with pytest.raises(InputError, match="nothing to search"):
        reverse_stress(case, over=[])


def test_the_same_question_gives_the_same_answer() -> None:
    case = perp_case(trader("perps", "BTC-PERP", 1.0, 90_000.0, 9_000.0))
    one, other = (reverse_stress(case, points=300) for _ in range(2))
    assert one == other
