"""`check --rare`: the exact chance of one long perpetual, and nothing else of the answer moved."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "papers"))

from barrier_truth import hit_chance
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.failures import with_failures
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.case import Case, Limit
from seawall.exposure import check
from seawall.exposure.rare import choose_tilt
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Scenario
from seawall.report import page, terminal

HOUR, DAY, STEPS = 3_600.0, 86_400.0, 24
SPREAD = 0.6 * math.sqrt(HOUR / SECONDS_PER_YEAR)
DRIFT = -0.5 * SPREAD * SPREAD
DESK = "desk:us"
# Equity 10.5, maintenance 1% of the price: closed below (100 - 10.5) / 0.99 = 90.40.
BARRIER = math.log(89.5 / 0.99 / 100.0)


def one_long(limits: tuple[Limit, ...] = (), **scenario: object) -> Case:
    """A desk long one coin at 100 with 10.5 of cash, in a market that nobody moves."""
    return tiny_case(
        [Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 10.5}, owner="us")],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue()},
        {"BTC": coin(100.0, volatility=0.6, depth=1e12)},
        scenario=Scenario(label="total", **scenario),  # type: ignore[arg-type]
        step_seconds=HOUR,
        limits=limits,
        loss_fraction=1.0,
    )


def answer(seed: int = 1, paths: int = 400, rare: bool = True, **more: object) -> dict:  # type: ignore[type-arg]
    case = more.pop("case", None) or one_long()
    return check(case, horizon_seconds=DAY, paths=paths, seed=seed, rare=rare, **more)  # type: ignore[arg-type]


def test_the_curve_is_the_exact_one() -> None:
    """P(first passage) by integration: 9.7e-4 within 24 h."""
    truth = hit_chance(BARRIER, SPREAD, DRIFT, STEPS)
    found = answer(paths=600)["dre"]
    assert found["horizons_seconds"] == [HOUR, 4 * HOUR, DAY]
    block = found["scopes"][DESK]
    assert truth[-1] == pytest.approx(9.7e-4, rel=0.02)
    # One seed: 3.5 standard errors; the slow test counts how often the interval holds the truth.
    error = (block["high"][-1] - block["low"][-1]) / (2.0 * 1.96)
    assert abs(block["probability"][-1] - truth[-1]) < 3.5 * error
    assert block["probability"][-1] == pytest.approx(truth[-1], rel=0.25)
    # Of 1,200 plain paths one would show it, and the interval would go from 0 to three times it.
    assert block["high"][-1] < 1.7 * truth[-1] and block["low"][-1] > 0.5 * truth[-1]
    assert block["impaired_paths"][-1] > 60
    # Closed at 90.4 or less it has lost 9.6 and what the last hour took beyond.
    assert 9.6 < block["expected_loss"][-1] < 10.5
    assert block["expected_shortfall_level"][-1] is not None
    # The model interval has no error to add here, so it is a point but for rounding.
    assert block["model_low"][-1] == pytest.approx(block["model_high"][-1], rel=0.02)


def test_nothing_but_dre_and_what_is_read_from_it_moves() -> None:
    limit = Limit("chance", "dre", DESK, 5e-4, DAY)
    case = one_long((limit,))
    plain, rare = (answer(case=case, rare=r) for r in (False, True))
    assert set(rare) - set(plain) == {"rare"}
    same = set(plain) - {"dre", "limits", "headline", "remedy", "remedy_note"}
    assert all(rare[key] == plain[key] for key in same)
    assert not plain["limits"][0]["breached"] or plain["limits"][0]["value"] >= 1 / 400
    assert rare["limits"][0]["breached"]
    assert rare["limits"][0]["value"] == rare["dre"]["scopes"][DESK]["probability"][-1]
    assert rare["rare"]["plain_paths"] == rare["rare"]["tilted_paths"] == 400
    assert rare["rare"]["mean_weight"] == pytest.approx(1.0, abs=0.15)


def test_what_the_plain_paths_alone_say_stands_beside_it() -> None:
    """None of 200 plain paths shows it: 0 to 1.9% by them, and no remedy can be tried on them."""
    result = answer(case=one_long((Limit("chance", "dre", DESK, 5e-4, DAY),)), paths=200)
    own = result["rare"]["scopes"][DESK]
    assert own["plain_low"][-1] == 0.0
    assert own["plain_high"][-1] == pytest.approx(3.8415 / 203.8415, rel=1e-4)
    assert 40 < own["effective_paths"][-1] < result["dre"]["scopes"][DESK]["impaired_paths"][-1]
    assert result["rare"]["not_pushed"] == []
    assert result["limits"][0]["breached"]
    assert result["remedy_note"].startswith("no plain path is impaired")
    told = " ".join(terminal.render(result, width=100, colour=False).split())
    assert "the plain paths alone say 0.00% to 1.88%" in told
    assert "sums to" not in told
    assert "none of the plain paths breaks; nearest is t0" in told
    assert "no plain path is impaired, so nobody paid" in told
    html = page.render(result)
    assert "Nothing breaks on any path" not in html
    assert "Nothing breaks on any plain path" in html
    assert "No plain path is impaired, so nobody paid" in html


def test_engines_and_workers_give_the_same_answer() -> None:
    one, other = (answer(compute=Compute(Engine.PLAIN, threads), paths=30) for threads in (1, 2))
    assert one == other


def test_the_tilt_goes_as_far_as_the_account_bears() -> None:
    """Breached at 89.5 / 0.99: so many deviations of the day below 100, to a stride's bend."""
    setup = prepare(one_long())
    tilt = choose_tilt(setup, STEPS)
    pushes = np.array([part.shift for part in tilt.components]) * math.sqrt(STEPS)
    coin_at = setup.table.assets.index("BTC")
    deviation = SPREAD * math.sqrt(STEPS)
    assert pushes[0, coin_at] == pytest.approx(BARRIER / deviation, rel=2e-3)
    # The market's own pushes differ enough from it in length to stand beside it.
    assert sorted(pushes[:, coin_at])[:2] == pytest.approx([-4.0, pushes[0, coin_at]])
    # Prices up as well, though they cost this desk nothing.
    assert pushes[:, coin_at].max() == pytest.approx(4.0)
    assert np.all(pushes[:, 1 - coin_at] == 0.0)


def test_paths_go_where_impairment_is_likelier() -> None:
    """Two desks at 3.21 and 1.84 deviations: shares by the root of their two-sided chances."""
    case = one_long()
    near = Trader("v", (Held("BTC-PERP", -1.0, 100.0),), {"USD": 7.0}, owner="near")
    far = Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 10.5}, owner="us")
    both = tiny_case(
        [far, near],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue()},
        dict(case.market.assets),
        scenario=case.market.scenario,
        step_seconds=HOUR,
        loss_fraction=1.0,
    )
    tilt = choose_tilt(prepare(both), STEPS)
    assert sum(tilt.shares[:2]) == pytest.approx(0.6)
    deviation = SPREAD * math.sqrt(STEPS)
    # The short is breached at 107 / 1.01.
    ends = (math.log(1.07 / 1.01), -BARRIER)
    chance = [math.erfc(x / deviation / math.sqrt(2.0)) for x in ends]
    want = math.sqrt(chance[0] / chance[1])
    assert tilt.shares[0] / tilt.shares[1] == pytest.approx(want, rel=0.02)


def test_what_cannot_be_tilted_is_refused() -> None:
    case = one_long()
    still = {name: replace(a, volatility=0.0) for name, a in case.market.assets.items()}
    with pytest.raises(InputError, match="no price of the Case moves"):
        answer(case=replace(case, market=replace(case.market, assets=still)), paths=4)


def test_the_page_says_what_rests_on_which_paths() -> None:
    text = terminal.render(answer(paths=30, parts_from=20), width=100, colour=False)
    told = " ".join(text.split())
    assert "channels from the first 20 of 30 paths and as many tilted ones" in told
    assert "DRE rests on 30 plain and 30 tilted paths, weighted" in told
    assert "tilted" not in terminal.render(answer(paths=30, rare=False), width=100, colour=False)


def test_a_failure_that_another_hides_keeps_the_interval_open() -> None:
    """The hurried paths see the crowd's venue fail, 1,000 times as often as the desk's: the
    desk's chance, 8 in 100,000 a day, is not in what was seen, and must be in the interval.
    """
    case = one_long()
    other = Trader("w", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 90.0})
    own = Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 100.0 - 0.99 * 87.5}, owner="us")
    both = tiny_case(
        [own, other],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(), "w": perpetuals_venue()},
        dict(case.market.assets),
        scenario=case.market.scenario,
        step_seconds=DAY,
        loss_fraction=0.9,
    )
    rates = {"v": 0.03, "w": 30.0}
    failing = [{"venue": v, "recovery": 0.0, "rate_per_year": rate} for v, rate in rates.items()]
    found = answer(case=with_failures(both, {"venue_insolvency": failing}))
    assert found["rare"]["not_pushed"] == ["failures"]
    assert found["dre"]["scopes"][DESK]["high"][-1] > -math.expm1(-0.03 * DAY / SECONDS_PER_YEAR)


@pytest.mark.slow
def test_gain_and_coverage_of_the_check_itself() -> None:
    """Against as many plain paths as plain and tilted ones together, over 150 seeds."""
    truth = float(hit_chance(BARRIER, SPREAD, DRIFT, STEPS)[-1])
    blocks = [answer(seed, paths=200)["dre"]["scopes"][DESK] for seed in range(150)]
    means = np.array([block["probability"][-1] for block in blocks])
    covered = np.mean([b["low"][-1] <= truth <= b["high"][-1] for b in blocks])
    gain = truth * (1.0 - truth) / 400 / float(((means - truth) ** 2).mean())
    print(f"chance {truth:.3e}: gain {gain:.0f}, coverage {covered:.1%}")
    assert gain >= 20.0
    assert covered >= 0.92
    assert abs(means.mean() - truth) < 3.5 * means.std() / math.sqrt(150)
