"""Remedies of small Cases: against a closed form, the Case with the action in it, and the laws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from remedy_cases import COLLATERAL, DEEP, OWNER, impaired_share
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    lending_venue,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.book.book import Bools, Ints
from seawall.cascade import engine
from seawall.cascade.pieces.compute import Compute
from seawall.case import Case, Limit
from seawall.case.impairment_kinds import ImpairmentKind
from seawall.exposure.proportion import wilson
from seawall.exposure.remedy import trial as trial_module
from seawall.exposure.remedy.answer import Answer, remedy_answer, with_remedy
from seawall.exposure.remedy.edit import Edit
from seawall.exposure.remedy.lead import INTERNAL_SECONDS, TRANSFER_SECONDS, WITHDRAWAL_SECONDS
from seawall.exposure.remedy.ranked import trial_of
from seawall.exposure.remedy.search import FULL, Effort, goal_of
from seawall.exposure.remedy.trial import Trial
from seawall.foundation.errors import InputError

DAY = 86_400.0
SPOT = 100_000.0
PERPETUAL = perpetual("BTC-PERP", "BTC")


def trader(cash: float, venue: str = "perps", size: float = 1.0) -> Trader:
    """An account of the desk that is long."""
    return Trader(venue, [Held("BTC-PERP", size, SPOT)], {QUOTE: cash}, OWNER)


def desk(*traders: Trader, limit: float, depth: float = DEEP, volatility: float = 0.6) -> Case:
    """A desk with a limit on its DRE over a day."""
    return tiny_case(
        list(traders),
        [PERPETUAL],
        {
            "perps": perpetuals_venue(taker_fee=5e-4),
            "other": perpetuals_venue(),
            "lender": lending_venue(COLLATERAL),
        },
        {"BTC": coin(SPOT, depth, volatility, daily_volume=depth)},
        step_seconds=1_800.0,
        limits=(Limit("day", "dre", f"desk:{OWNER}", limit, DAY),),
    )


# Enough for one account or two, and quick.
LESS = Effort(amounts=5, shares=4, rounds=3, near=10, legs=2, full=True)


def answer(case: Case, paths: int = 400, effort: Effort = LESS, **more: Any) -> Answer:
    return remedy_answer(case, horizon_seconds=DAY, paths=paths, seed=3, effort=effort, **more)


def share(case: Case, paths: int = 400, seed: int = 3) -> float:
    return impaired_share(case, DAY, paths, seed)


@pytest.mark.parametrize(("limit", "paths"), [(0.02, 400), (0.02, 188), (0.1, 1_000), (0.5, 30)])
def test_the_sure_bound_is_the_last_count_whose_interval_stays_under(
    limit: float, paths: int
) -> None:
    goal = goal_of(limit, paths)
    assert goal.point / paths < limit <= (goal.point + 1) / paths
    assert wilson(goal.sure + 1, paths)[1] >= limit
    assert goal.sure < 0 or wilson(goal.sure, paths)[1] < limit


def test_on_few_paths_no_count_is_sure() -> None:
    # 3.84 / (n + 3.84) with none broken: 2% needs 189 paths.
    assert goal_of(0.02, 100).sure == -1
    assert goal_of(0.02, 189).sure == 0


@pytest.mark.slow
def test_a_deposit_is_the_smallest_that_is_sure_and_as_a_closed_form_has_it() -> None:
    """Long 1 BTC at 100,000: liquidated where 7,000 + D + P - 100,000 = 0.01 P.

    Of a diffusion watched every half hour, P(breaks) = 2 N(log(barrier) / sigma sqrt(T)), the
    barrier moved away by 0.5826 sigma sqrt(dt) (Broadie, Glasserman and Kou 1997).
    """
    case = replace(desk(trader(7_000.0), limit=0.008), impairments=(ImpairmentKind.LIQUIDATION,))
    found = answer(case, 4_000, FULL)
    first = found.result["remedy"]
    assert (first["action"], first["asset"], first["sure"]) == ("add", QUOTE, True)
    assert wilson(round(first["dre_landed"] * 4_000), 4_000)[1] < 0.008
    cured = with_remedy(case, found, 1)
    assert share(cured, 4_000) == pytest.approx(first["dre_after"], abs=1e-12)
    sigma = 0.6 * math.sqrt(1.0 / 365.0)
    barrier = (SPOT - 7_000.0 - first["amount"]) / (0.99 * SPOT)
    away = math.log(barrier) - 0.5826 * sigma * math.sqrt(1.0 / 48.0)
    chance = 2.0 * NormalDist().cdf(away / sigma)
    assert first["low_after"] <= chance <= first["high_after"]
    less = 7_000.0 + 0.98 * first["amount"]
    smaller = replace(case, book=desk(trader(less), limit=0.008).book)
    assert round(share(smaller, 4_000) * 4_000) > goal_of(0.008, 4_000).sure
    assert first["cost"] == pytest.approx(first["amount_quote"] * 0.07 / 365.0, rel=1e-12)
    assert first["cost_point"] < first["cost_horizon"]
    assert first["lead_seconds"] == TRANSFER_SECONDS


def test_a_sale_pays_fee_and_impact_once_and_shrinks_the_leg() -> None:
    """At a deposit's cost of 7% a year a sale is dearer: it comes second, and holds as well."""
    case = desk(trader(7_000.0), limit=0.02, depth=1e8)
    found = answer(case)
    rows = found.result["remedies"]
    assert [row["action"] for row in rows] == ["add", "reduce"]
    sale = rows[1]
    assert sale["asset"] == "BTC-PERP"
    assert sale["side"] == "long"
    notional = sale["amount"] * SPOT
    # Linear impact: the mean of exp(-x) over the order's flow / depth, 1e8, is about half of it.
    impact = notional * 0.5 * notional / 1e8
    assert sale["cost"] == pytest.approx(5e-4 * notional + impact, rel=1e-2)
    assert sale["lead_seconds"] == 0.0
    assert share(with_remedy(case, found, 2)) == pytest.approx(sale["dre_after"], abs=0.002)


def test_idle_money_is_moved_for_nothing_and_its_source_stands() -> None:
    case = desk(trader(6_000.0), trader(60_000.0), limit=0.05)
    found = answer(case)
    first = found.result["remedy"]
    assert (first["action"], first["source"], first["account"]) == ("move", "t1", "t0")
    assert (first["cost"], first["lead_seconds"]) == (0.0, INTERNAL_SECONDS)
    assert share(with_remedy(case, found, 1)) == pytest.approx(first["dre_after"], abs=1e-12)


@pytest.mark.slow
def test_between_venues_a_move_takes_a_withdrawal_and_a_transfer() -> None:
    found = answer(desk(trader(6_000.0), trader(60_000.0, "other"), limit=0.05))
    moved = [row for row in found.result["remedies"] if row["action"] == "move"]
    assert moved[0]["lead_seconds"] == WITHDRAWAL_SECONDS + TRANSFER_SECONDS
    assert moved[0]["dre_landed"] >= moved[0]["dre_after"]


@pytest.mark.slow
def test_a_source_that_has_nothing_to_spare_moves_nothing() -> None:
    found = answer(desk(trader(6_000.0), trader(7_000.0, size=3.5), limit=0.05))
    assert all(row["action"] != "move" for row in found.result["remedies"])


def test_a_loan_is_repaid() -> None:
    loan = Trader("lender", (), {"BTC": 1.0, QUOTE: -74_500.0}, OWNER)
    case = desk(loan, limit=0.02)
    found = answer(case)
    first = found.result["remedy"]
    assert (first["action"], first["asset"]) == ("repay", QUOTE)
    assert share(with_remedy(case, found, 1)) == pytest.approx(first["dre_after"], abs=1e-12)


@pytest.mark.slow
def test_two_accounts_that_both_break_need_two_actions() -> None:
    """A long and a short that break in turn: no single action is enough, two deposits are."""
    short = Trader("perps", [Held("BTC-PERP", -1.0, SPOT)], {QUOTE: 6_000.0}, OWNER)
    case = desk(trader(6_000.0), short, limit=0.02)
    found = answer(case)
    first = found.result["remedy"]
    assert first["then"] is not None
    assert {first["account"], first["then"]["account"]} == {"t0", "t1"}
    cured = with_remedy(case, found, 1)
    assert share(cured) == pytest.approx(first["dre_after"], abs=1e-12)
    assert share(cured, 4_000, 77) < 0.02


@pytest.mark.parametrize(("limit", "sure"), [(0.03, False), (0.05, True)])
def test_no_pair_is_offered_that_is_not_better_than_one_of_its_kind_alone(
    limit: float, sure: bool
) -> None:
    """100 paths show no 3%: the deposit holds on the estimate alone, and so would two. At 5% it is
    dear, so pairs are tried: two deposits of 2,741 and 80 save 0.4% against one of 2,832.
    """
    short = Trader("perps", [Held("BTC-PERP", -1.0, SPOT)], {QUOTE: 9_500.0}, OWNER)
    rows = answer(desk(trader(6_000.0), short, limit=limit), 100).result["remedies"]
    assert [(row["action"], row["then"], row["sure"]) for row in rows] == [
        ("add", None, sure),
        ("reduce", None, sure),
    ]


def test_a_path_is_run_once_with_an_edit_and_says_the_same_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answer(desk(trader(7_000.0), limit=0.05), 60)
    desk_impairment = found.found[f"desk:{OWNER}"][1]
    trial = trial_of(found.setup, desk_impairment, found.kept, OWNER, 48, 3, 1)
    edit = Edit(cash={int(trial.setup.desk_units[0]): 500.0})
    every = np.arange(60)
    whole = replace(trial, known={}).broken([(edit, every)])[0]
    ran: list[int] = []
    run = Trial._run

    def counted(self: Trial, tries: Sequence[tuple[Edit, Ints]]) -> list[Bools]:
        ran.extend(path for _, paths in tries for path in paths.tolist())
        return run(self, tries)

    monkeypatch.setattr(Trial, "_run", counted)
    parts = [trial.broken([(edit, some)])[0] for some in (every[:40:2], every, every[::-1])]
    assert sorted(ran) == every.tolist()
    assert whole.any()
    # Where the prices of all paths are not held at once, they are drawn in portions: the same.
    cells = 49 * len(trial.setup.table.assets)
    monkeypatch.setattr(trial_module, "MOST_CELLS", 7 * cells)
    largest: list[int] = []

    def measured(self: Trial, tries: Sequence[tuple[Edit, Ints]]) -> list[Bools]:
        largest.append(sum(paths.size for _, paths in tries))
        return run(self, tries)

    monkeypatch.setattr(Trial, "_run", measured)
    again = replace(trial, known={}).broken([(edit, every), (edit, every[::-1])])
    assert (max(largest), again[0].tolist(), again[1].tolist()) == (
        7,
        whole.tolist(),
        whole[::-1].tolist(),
    )
    assert [one.tolist() for one in parts] == [
        whole[:40:2].tolist(),
        whole.tolist(),
        whole[::-1].tolist(),
    ]


@pytest.mark.slow
def test_three_accounts_that_break_are_beyond_two_actions_and_the_note_says_who() -> None:
    short = Trader("perps", [Held("BTC-PERP", -1.0, SPOT)], {QUOTE: 5_000.0}, OWNER)
    other = Trader("other", [Held("BTC-PERP", -1.0, SPOT)], {QUOTE: 5_000.0}, OWNER)
    third = replace(trader(5_000.0), venue="other")
    case = desk(short, replace(third), replace(other, balances={QUOTE: 5_001.0}), limit=0.002)
    found = answer(case)
    if found.result["remedy"] is None:
        assert "several break" in found.result["remedy_note"]
        assert "t0" in found.result["remedy_note"]
    else:
        assert found.result["remedy"]["then"] is not None


@pytest.mark.slow
def test_what_cannot_land_in_time_is_ranked_behind_an_order_at_once() -> None:
    """At 300% volatility a third of the limit is gone within the hour: a transfer of 15 minutes
    lands with the first step, a withdrawal of an hour more lands too late.
    """
    case = desk(trader(6_000.0), trader(400_000.0, "other"), limit=0.2, volatility=3.0)
    rows = answer(case).result["remedies"]
    late = [row["in_time"] for row in rows]
    assert late == sorted(late, reverse=True)
    assert all(
        row["in_time"] == (row["lead_seconds"] <= row["deadline_seconds"])
        for row in rows
        if row["deadline_seconds"] is not None
    )
    assert (rows[-1]["action"], rows[-1]["in_time"], rows[-1]["cost"]) == ("move", False, 0.0)
    assert rows[0]["action"] in ("add", "reduce")


def test_without_a_breach_there_is_nothing_to_do() -> None:
    found = answer(desk(trader(60_000.0), limit=0.02), 100)
    assert found.result["remedies"] == []
    assert "no DRE limit" in found.result["remedy_note"]
    with pytest.raises(InputError, match="no remedy 1"):
        with_remedy(desk(trader(60_000.0), limit=0.02), found, 1)


def test_l7_a_book_of_four_times_the_size_needs_four_times_the_money() -> None:
    one = answer(desk(trader(7_000.0), limit=0.05)).result["remedy"]
    four = answer(desk(trader(28_000.0, size=4.0), limit=0.05)).result["remedy"]
    assert four["amount"] == 4.0 * one["amount"]
    assert four["dre_after"] == one["dre_after"]


def test_l10_the_same_rows_twice_by_more_workers_and_in_other_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = desk(trader(6_000.0), trader(60_000.0, "other"), limit=0.1, depth=1e8)
    first = answer(case, 100, compute=Compute(threads=1)).result
    assert answer(case, 100, compute=Compute(threads=3)).result == first
    monkeypatch.setattr(engine, "CHUNK", 37)
    assert answer(case, 100, compute=Compute(threads=1)).result == first
