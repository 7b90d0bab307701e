"""DRE split by asset, venue and leg: against closed forms, over seeds, and sums that are exact.

One step of a day, prices without drift and with volatility s: an account long n at 100 with cash c
and maintenance rate m is liquidated below B = (100 - c / n) / (1 - m), with probability
q = N((ln(B / 100) + s^2 / 2) / s), s of the day. Nothing has impact, so accounts on independent
assets break independently: with two of them each part is q_i - q_1 q_2 / 2; with more the part of i
is the integral over t from 0 to 1 of q_i times the product over the others of (1 - t q_j).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tiny_cases import Held, Trader, coin, lending_venue, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.case import Case
from seawall.case.impairment_kinds import ImpairmentKind
from seawall.exposure import check
from seawall.exposure.parts_by import By, Question, parts_by
from seawall.foundation.errors import InputError
from seawall.venues import Collateral

DAY = 86_400.0
RATE = 0.01
CASH = (60.0, 100.0, 80.0, 120.0, 70.0, 90.0)
PLAIN = Compute(Engine.PLAIN, 1)


def _q(cash: float, size: float = 10.0, volatility: float = 1.0) -> float:
    """Chance that a long of this size is liquidated at the day's end."""
    s = volatility / math.sqrt(365.0)
    barrier = (100.0 - cash / size) / (1.0 - RATE)
    return 0.5 * math.erfc(-(math.log(barrier / 100.0) + s * s / 2.0) / s / math.sqrt(2.0))


@cache
def _case(accounts: int, venues: bool = True) -> Case:
    """A desk whose accounts are long 10 of an asset each, at a venue each."""
    names = [chr(ord("A") + n) for n in range(accounts)]
    traders = [
        Trader(
            f"v{n}" if venues else "v0", [Held(f"{a}-PERP", 10.0, 100.0)], {"USD": CASH[n]}, "me"
        )
        for n, a in enumerate(names)
    ]
    case = tiny_case(
        traders,
        [perpetual(f"{a}-PERP", a) for a in names],
        {f"v{n}": perpetuals_venue() for n in range(accounts if venues else 1)},
        {a: coin(100.0, volatility=1.0) for a in names},
        step_seconds=DAY,
    )
    return replace(case, impairments=(ImpairmentKind.LIQUIDATION,))


def _hazards(q: Sequence[float]) -> list[float]:
    """Shapley values of independent hazards: the integral above, by Gauss's rule."""
    at, weight = np.polynomial.legendre.leggauss(20)
    t = (at + 1.0) / 2.0
    out = []
    for i, own in enumerate(q):
        others = np.prod([1.0 - t * x for j, x in enumerate(q) if j != i], axis=0)
        out.append(float(own * (weight / 2.0 * others).sum()))
    return out


def _split(case: Case, by: By, seed: int, paths: int = 1_000, owner: str | None = "me") -> Any:
    return parts_by(Question(prepare(case), owner, paths, 1, seed, PLAIN), by)


def _part(block: Any, name: str) -> dict[str, float]:
    (row,) = [row for row in block["parts"] if name in (row["name"], row["venue"], row["account"])]
    return dict(row)


def test_closed_form_of_two_hazards_is_what_the_task_says() -> None:
    q1, q2 = 0.1, 0.04
    assert _hazards([q1, q2]) == pytest.approx([q1 - q1 * q2 / 2, q2 - q1 * q2 / 2], abs=1e-15)


@pytest.mark.parametrize("by", list(By))
def test_two_independent_hazards(by: By) -> None:
    block = _split(_case(2), by, seed=3, paths=2_000)
    want = _hazards([_q(CASH[0]), _q(CASH[1])])
    for n, asset in enumerate("AB"):
        row = _part(block, {By.ASSET: asset, By.VENUE: f"v{n}", By.LEG: f"t{n}"}[by])
        assert row["low"] <= want[n] <= row["high"]
    assert block["none"]["probability"] == 0.0
    assert block["coalitions"] == 4
    assert block["orders"] == 0


def test_a_hedge_has_a_negative_part() -> None:
    """Long 10 and short 6 of one asset on 250 of cash: alone each breaks, together they do not.

    v(long) = q of 10 on 250. The short alone breaks above (100 + 250 / 6) / 1.01 and both below
    (400 - 250) / (4 - 0.16): maintenance is 1% of 16 contracts, the net long is 4.
    """
    desk = Trader(
        "p", [Held("A-PERP", 10.0, 100.0), Held("A-2", -6.0, 100.0)], {"USD": 120.0}, "me"
    )
    case = tiny_case(
        [desk],
        [perpetual("A-PERP", "A"), perpetual("A-2", "A")],
        {"p": perpetuals_venue()},
        {"A": coin(100.0, volatility=1.0)},
        step_seconds=DAY,
    )
    case = replace(case, impairments=(ImpairmentKind.LIQUIDATION,))
    s = 1.0 / math.sqrt(365.0)

    def below(price: float) -> float:
        return 0.5 * math.erfc(-(math.log(price / 100.0) + s * s / 2.0) / s / math.sqrt(2.0))

    long = below((100.0 - 12.0) / 0.99)
    short = 1.0 - below((100.0 + 20.0) / 1.01)
    # Both: 120 + 4 (P - 100) < 0.16 P.
    both = below((400.0 - 120.0) / (4.0 - 0.16))
    want = [long / 2 + (both - short) / 2, short / 2 + (both - long) / 2]
    block = _split(case, By.LEG, seed=5, paths=2_000)
    for name, value in zip(("A-PERP long", "A-2 short"), want, strict=True):
        row = _part(block, name)
        assert row["low"] <= value <= row["high"]
    assert want[1] < 0.0
    assert _part(block, "A-2 short")["high"] < 0.0


def test_sampled_orders_meet_the_closed_form_and_sum_exactly() -> None:
    block = _split(_case(6), By.VENUE, seed=2, paths=1_000)
    assert block["orders"] == 6
    assert block["coalitions"] == 2 + 6 * 5
    want = _hazards([_q(cash) for cash in CASH])
    for n in range(6):
        row = _part(block, f"v{n}")
        assert row["low"] <= want[n] <= row["high"]
    parts = sum(row["part"] for row in block["parts"])
    assert block["none"]["probability"] + parts == pytest.approx(
        block["total"]["probability"], abs=1e-12
    )
    values = [row["part"] for row in block["parts"]]
    assert all(a >= b for a, b in pairwise(values)), "largest first"


@pytest.mark.slow
def test_sampled_equals_exact_within_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    exactly = _split(_case(4), By.LEG, seed=8, paths=2_000)
    monkeypatch.setattr("seawall.exposure.parts_by.split.MOST_EXACT", 1)
    monkeypatch.setattr("seawall.exposure.parts_by.split.RUNS", 6)
    drawn = _split(_case(4), By.LEG, seed=8, paths=2_000)
    assert (exactly["orders"], drawn["orders"]) == (0, 2)
    assert drawn["total"] == exactly["total"]
    for row in drawn["parts"]:
        assert row["low"] <= _part(exactly, row["account"])["part"] <= row["high"]


def test_the_smallest_legs_are_grouped_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.exposure.parts_by.game.MOST_PLAYERS", 3)
    block = _split(_case(5), By.LEG, seed=8, paths=500)
    assert len(block["parts"]) == 3
    assert "3 smaller legs" in [row["name"] for row in block["parts"]]
    assert len(block["grouped"]) == 3


def test_a_loan_is_one_leg_and_nothing_is_left_without_it() -> None:
    eth = Collateral(0.8, 0.83, 0.05)
    loan = Trader("l", (), {"ETH": 10.0, "USD": -780.0}, "me")
    lender = Trader("l", (), {"USD": 5_000.0})
    case = tiny_case(
        [loan, lender],
        [],
        {"l": lending_venue({"ETH": eth, "USD": eth})},
        {"ETH": coin(100.0, volatility=1.0)},
        step_seconds=DAY,
    )
    block = _split(case, By.LEG, seed=1, paths=500)
    (row,) = block["parts"]
    assert row["name"] == "ETH against USD"
    assert row["part"] == block["total"]["probability"] > 0.1
    assert block["none"]["probability"] == 0.0


def test_the_protocol_by_asset_and_venue_and_no_legs() -> None:
    """No desk: two crowd accounts that go bankrupt on two venues without insurance."""
    traders = [
        Trader(f"v{n}", [Held(f"{a}-PERP", 10.0, 100.0)], {"USD": 30.0}) for n, a in enumerate("AB")
    ]
    case = tiny_case(
        traders,
        [perpetual("A-PERP", "A"), perpetual("B-PERP", "B")],
        {f"v{n}": perpetuals_venue(("socialised",)) for n in range(2)},
        {a: coin(100.0, volatility=1.0) for a in "AB"},
        step_seconds=DAY,
    )
    s = 1.0 / math.sqrt(365.0)
    # Bad debt is left below 97, the bankruptcy price: nobody else is there to pay.
    q = 0.5 * math.erfc(-(math.log(0.97) + s * s / 2.0) / s / math.sqrt(2.0))
    for by, names in ((By.ASSET, "AB"), (By.VENUE, ("v0", "v1"))):
        block = _split(case, by, seed=4, paths=800, owner=None)
        assert block["scope"] == "protocol"
        for name in names:
            row = _part(block, name)
            assert row["low"] <= q - q * q / 2 <= row["high"]
    with pytest.raises(InputError, match="no desk whose legs"):
        _split(case, By.LEG, seed=4, owner=None)


def test_check_holds_the_blocks_that_were_asked_for() -> None:
    case = _case(2, venues=False)
    found = check(case, horizon_seconds=DAY, paths=120, seed=6, parts_by=("leg", "asset"))
    assert list(found["parts_by"]) == ["leg", "asset"]
    total = found["dre"]["scopes"]["desk:me"]["probability"][-1]
    assert found["parts_by"]["leg"]["total"]["probability"] == total
    assert found["parts_by"]["leg"]["paths"] == 120
    plain = check(case, horizon_seconds=DAY, paths=120, seed=6)
    assert "parts_by" not in plain
    assert {k: v for k, v in found.items() if k != "parts_by"} == plain


def test_a_part_that_is_all_of_it_is_known_as_well_as_the_total() -> None:
    """One venue, and nothing without it: on every path its part is what happens, so its interval is
    the total's but for what allows for a path of either sign more.
    """
    cash = 10.0
    case = tiny_case(
        [Trader("v0", [Held("A-PERP", 10.0, 100.0)], {"USD": cash}, "me")],
        [perpetual("A-PERP", "A")],
        {"v0": perpetuals_venue()},
        {"A": coin(100.0, volatility=1.0)},
        step_seconds=DAY,
    )
    case = replace(case, impairments=(ImpairmentKind.LIQUIDATION,))
    block = _split(case, By.VENUE, seed=1, paths=400)
    (row,) = block["parts"]
    assert row["part"] == block["total"]["probability"] == pytest.approx(_q(cash), abs=0.1)
    wide, total = row["high"] - row["low"], block["total"]["high"] - block["total"]["low"]
    assert wide < 1.1 * total
    assert row["low"] <= _q(cash) <= row["high"]


@pytest.mark.slow
def test_coverage_over_seeds() -> None:
    """Predicted before the run, for 95% intervals over 500 seeds of 400 paths, q of 1 to 16%:
    each part is covered in 94 to 100%, and the mean over seeds is within 4 standard errors.
    """
    cases: list[tuple[Case, By, list[float]]] = [
        (_case(2), By.VENUE, [_q(cash) for cash in CASH[:2]]),
        (_case(2), By.ASSET, [_q(cash) for cash in CASH[:2]]),
        (_case(3), By.LEG, [_q(cash) for cash in CASH[:3]]),
        (_case(6), By.VENUE, [_q(cash) for cash in CASH]),
    ]
    for case, by, q in cases:
        want, setup = _hazards(q), prepare(case)
        inside, means = np.zeros(len(q)), []
        for seed in range(500):
            block = parts_by(Question(setup, "me", 400, 1, seed, PLAIN), by)
            names = [
                {By.ASSET: chr(65 + n), By.VENUE: f"v{n}", By.LEG: f"t{n}"}[by]
                for n in range(len(q))
            ]
            rows = [_part(block, name) for name in names]
            inside += [row["low"] <= w <= row["high"] for row, w in zip(rows, want, strict=True)]
            means.append([row["part"] for row in rows])
        print(by, len(q), "players: truth", np.round(want, 5), "covered", inside / 500)
        assert (inside / 500 >= 0.94).all()
        error = np.std(means, axis=0, ddof=1) / math.sqrt(500)
        assert (np.abs(np.mean(means, axis=0) - want) <= 4.0 * np.maximum(error, 1e-6)).all()
