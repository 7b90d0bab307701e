"""Alerts ring once per breach: hand-worked sequences, an independent slow machine, noisy days."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.exposure.alerts import alerts_block, fold, standing

LIMIT = 0.02
Told = list[tuple[int, str]]


def row(value: float | None, **more: Any) -> dict[str, Any]:
    usual = {
        "name": "DRE",
        "value": value,
        "limit": LIMIT,
        "bound": "maximum",
        "hysteresis": 0.1,
        "after": 1,
    }
    made = usual | more
    over = value is not None and (
        value > made["limit"] if made["bound"] == "maximum" else value < made["limit"]
    )
    return made | {"breached": over}


def moment(minute: int) -> str:
    return f"2026-02-01T{minute // 60:02d}:{minute % 60:02d}:00Z"


def reports(values: Sequence[float | None], **more: Any) -> list[dict[str, Any]]:
    return [
        {"case": "harbour", "as_of": moment(k), "number": k, "limits": [row(value, **more)]}
        for k, value in enumerate(values)
    ]


def told(found: list[dict[str, Any]]) -> Told:
    """(report, kind) of each event."""
    return [(event["report"], event["kind"]) for event in fold(found)[1]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # limit 0.02, cleared at 0.018
        (
            [0.01, 0.021, 0.025, 0.019, 0.021, 0.018, 0.021],
            [(1, "raised"), (5, "cleared"), (6, "raised")],
        ),
        ([0.02, 0.02], []),  # at the limit is within it
        ([0.021, 0.0181, 0.0179], [(0, "raised"), (2, "cleared")]),
        ([0.021, None, 0.021, None, 0.01], [(0, "raised"), (4, "cleared")]),
        ([None, None], []),
        ([], []),
    ],
)  # fmt: skip
def test_sequences_worked_by_hand(values: list[float | None], expected: Told) -> None:
    assert told(reports(values)) == expected


def test_after_three_in_a_row() -> None:
    values = [0.03, 0.03, 0.01, 0.03, 0.03, None, 0.03, 0.03]
    # Two in a row, broken; then three in a row, the report without a value not counted: at 6.
    assert told(reports(values, after=3)) == [(6, "raised")]


def test_a_minimum_comes_back_above_it() -> None:
    values = [120.0, 99.0, 105.0, 109.0, 110.0]
    assert told(reports(values, limit=100.0, bound="minimum")) == [(1, "raised"), (4, "cleared")]


def test_a_limit_of_zero_and_one_below_it() -> None:
    assert told(reports([0.0, 1.0, 0.0], limit=0.0)) == [(1, "raised"), (2, "cleared")]
    # Limit -100, a tenth of its size is the band: cleared at -110.
    assert told(reports([-90.0, -105.0, -110.0], limit=-100.0)) == [(0, "raised"), (2, "cleared")]


def test_no_hysteresis_clears_at_the_limit() -> None:
    assert told(reports([0.021, 0.02], hysteresis=0.0)) == [(0, "raised"), (1, "cleared")]


def test_a_limit_that_is_gone_while_it_stands_is_withdrawn() -> None:
    found = reports([0.03, 0.03])
    found[1]["limits"] = []
    assert told(found) == [(0, "raised"), (1, "withdrawn")]


@pytest.mark.parametrize(
    "other",
    [
        {"scope": "desk:second"},
        {"measure": "fund_ruin"},
        {"horizon_seconds": 3_600.0},
        {"measure": "number", "number": "system.value_at_risk"},
    ],
)
def test_a_limit_moved_to_another_number_is_another_limit(other: dict[str, Any]) -> None:
    """Else the breach of the second number would never be told."""
    found = reports([0.03, 0.03, 0.03])
    found[1]["limits"][0] |= other
    found[2]["limits"][0] |= other
    assert told(found) == [(0, "raised"), (1, "withdrawn"), (1, "raised")]


def test_a_limit_whose_bound_was_moved_is_the_same_limit() -> None:
    found = reports([0.03, 0.03, 0.03, 0.03])
    found[1]["limits"][0] |= {"limit": 0.031, "breached": False}  # within, inside the band
    found[3]["limits"][0] |= {"limit": 0.04, "breached": False}
    assert told(found) == [(0, "raised"), (3, "cleared")]


def test_the_entry_behind_a_path_may_change_while_the_alert_stands() -> None:
    found = reports([0.03, 0.03], measure="number", number="concentration[*].exit_cost")
    found[1]["limits"][0] |= {"scope": "desk:second"}  # the worst of all rows is another's now
    assert told(found) == [(0, "raised")]


def test_two_cases_and_two_limits_do_not_touch_each_other() -> None:
    found = reports([0.03, 0.03])
    found[1] |= {"case": "other"}
    found[1]["limits"].append(row(0.03, name="second"))
    book, events = fold(found)
    assert [(e["case"], e["name"]) for e in events] == [
        ("harbour", "DRE"), ("other", "DRE"), ("other", "second"),
    ]  # fmt: skip
    assert len(standing(book)) == 3


def test_a_look_back_changes_nothing() -> None:
    found = reports([0.01, 0.03, 0.01])
    later = {**found[1], "number": 3}  # yesterday's Case again, after it is over
    assert told([found[0], found[2], later]) == []
    assert told([*found, later]) == [(1, "raised"), (2, "cleared")]


def test_the_same_moment_again_does_not_count_twice() -> None:
    first, second = reports([0.03, 0.03], after=2)
    assert told([first, {**first, "number": 7}]) == []
    assert told([first, {**first, "number": 7}, second]) == [(1, "raised")]


def test_the_block_of_a_report_says_what_is_new_and_what_stands() -> None:
    found = reports([0.01, 0.03, 0.031])
    result = {"case": {"name": "harbour", "as_of": moment(9)}, "limits": [row(0.032)]}
    block = alerts_block(found, result)
    assert [block[key] for key in ("raised", "cleared", "withdrawn")] == [[], [], []]
    assert [(x["value"], x["since"]) for x in block["standing"]] == [(0.032, moment(1))]
    assert alerts_block(found[:1], result)["raised"][0]["since"] == moment(9)


class Slow:
    """An independent machine: looks at the whole history of values anew for each report."""

    def __init__(self, limit: float, hysteresis: float, after: int) -> None:
        self.limit, self.clear, self.after = limit, limit * (1 - hysteresis), after

    def standing(self, values: Sequence[float | None]) -> bool:
        """Whether an alert stands after these values, from its definition in words."""
        known = [value for value in values if value is not None]
        for end in range(len(known), 0, -1):
            value = known[end - 1]
            if value <= self.clear:
                return False  # cleared here, if it stood, and nothing since has raised it
            row = known[end - self.after : end] if end >= self.after else []
            if row and all(v > self.limit for v in row):
                # Raised here at the latest: since then nothing was at or below the band's end.
                return True
        return False

    def told(self, values: Sequence[float | None]) -> Told:
        out: Told = []
        for k in range(len(values)):
            before, now = self.standing(values[:k]), self.standing(values[: k + 1])
            if now != before:
                out.append((k, "raised" if now else "cleared"))
        return out


VALUES = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 0.017, 0.018, 0.0185, 0.02, 0.0205, 0.03])),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.integers(1, 4), st.sampled_from([0.0, 0.1, 0.5]))
def test_it_is_the_slow_machine(values: list[float | None], after: int, hysteresis: float) -> None:
    found = reports(values, after=after, hysteresis=hysteresis)
    assert told(found) == Slow(LIMIT, hysteresis, after).told(values)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.lists(st.integers(0, 39), max_size=10))
def test_repeated_reports_change_nothing(values: list[float | None], again: list[int]) -> None:
    found = reports(values)
    doubled = [x for k, x in enumerate(found) for _ in range(2 if k in again else 1)]
    assert told(doubled) == told(found)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sets(st.integers(0, 39)))
def test_missed_reports_lose_no_alert_that_stands(
    values: list[float | None], missed: set[int]
) -> None:
    """After any report that was kept, a breach stands as an alert, whatever was missed before."""
    kept = [x for k, x in enumerate(reports(values)) if k not in missed]
    for end in range(1, len(kept) + 1):
        if kept[end - 1]["limits"][0]["breached"]:
            assert len(standing(fold(kept[:end])[0])) == 1
    kinds = [kind for _, kind in told(kept)]
    assert kinds == ["raised", "cleared"] * (len(kinds) // 2) + ["raised"] * (len(kinds) % 2)


def noisy_day(seed: int, paths: int = 2_000) -> tuple[list[float], list[float]]:
    """288 chances, every five minutes, and what so many paths say of each.

    The chance drifts from 1.0% to 3.2% at noon and back, as a sine; each check draws its own paths.
    """
    dice = random.Random(seed)
    chance = [0.021 - 0.011 * math.cos(2 * math.pi * k / 288) for k in range(288)]
    seen = [sum(dice.random() < p for _ in range(paths)) / paths for p in chance]
    return chance, seen


def rings(values: Sequence[float]) -> int:
    """How often an alert without hysteresis and without memory would ring: upward crossings."""
    pairs = zip([0.0, *values], values, strict=False)
    return sum(before <= LIMIT < now for before, now in pairs)


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_day_gives_no_duplicate_and_misses_no_breach(seed: int) -> None:
    _, seen = noisy_day(seed)
    found = reports(seen, hysteresis=0.5)
    events = told(found)
    assert events == Slow(LIMIT, 0.5, 1).told(seen)
    breaches = [k for k, value in enumerate(seen) if value > LIMIT]
    stands, ends = set(), dict(events)
    now = False
    for k in range(288):
        now = {"raised": True, "cleared": False}.get(ends.get(k, ""), now)
        stands |= {k} if now else set()
    assert set(breaches) <= stands, "no breach is missed"
    kinds = [kind for _, kind in events]
    assert all(a != b for a, b in pairwise(kinds)), "no duplicate"
    print(f"seed {seed}: {len(breaches)} breaches, {rings(seen)} crossings, {len(kinds)} events")
    assert kinds.count("raised") < rings(seen) / 2


@pytest.mark.slow
def test_thousands_of_noisy_days() -> None:
    ringed = plain = 0
    for seed in range(1_000):
        _, seen = noisy_day(seed, 200)
        found = reports(seen, hysteresis=0.5)
        events = told(found)
        assert events == Slow(LIMIT, 0.5, 1).told(seen)
        ringed += sum(kind == "raised" for _, kind in events)
        plain += rings(seen)
    print(f"1,000 days of 200 paths a check: {ringed} alerts, {plain} crossings without hysteresis")
    assert ringed < plain
