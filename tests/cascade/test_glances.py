"""A glance at a unit against the exact look: never more buffer, never less exposure, and close.

The compiled functions are run as the Python that they are written in.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_l6_quiet import STEPS, quiet_case

from seawall.cascade.fast import assess_kernel, glance_kernel
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.compile import compile_fixed, priced_alone
from seawall.cascade.fast.glances import LINE, empty_lines, first_tier
from seawall.cascade.fast.share import books_of, prices_of
from seawall.cascade.state import begin
from seawall.margin.table.margin_table import RowKind

Scene = tuple[layout.Fixed, layout.Books, layout.Prices, layout.Awake, layout.Room]
# Of what a unit holds: far more than single precision errs, far less than a step moves it.
CLOSE = 1e-5


@pytest.fixture(autouse=True)
def _as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (assess_kernel, glance_kernel):
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)


def scene(seed: int, *, spread: float) -> Scene:
    """A random Case whose prices, funding, factors on margin and widths have moved since."""
    setup, exogenous = quiet_case(seed)
    state = begin(setup, exogenous[:, 0], None, None, None, STEPS)
    fixed = compile_fixed(setup, STEPS, alone=priced_alone(setup))
    books, prices = books_of(state), prices_of(state)
    paths, feeds = prices.feed.shape
    units = books.cash.shape[1]
    room = layout.Room(
        due=np.zeros(0),
        work=np.zeros(0),
        market=np.zeros(0),
        before=np.zeros(0),
        lines=empty_lines(units),
        worth=np.zeros((fixed.glances.line.size, 2)),
        stamp=np.zeros(2, dtype=np.int64),
        resting=np.zeros(units + 1, dtype=np.int64),
        alike=True,
    )
    none = np.zeros(0)
    awake = layout.Awake(*[none] * 4, prices.feed.copy(), *[none] * 8)
    rng = np.random.default_rng(seed)
    moving = setup.table.feed_asset != setup.quote
    prices.feed[:] *= np.where(moving, np.exp(rng.normal(0.0, spread, (paths, feeds))), 1.0)
    prices.integral[:] = prices.feed * rng.uniform(0.0, 1e6, (paths, feeds))
    if fixed.scaled:
        prices.scale[:] = rng.uniform(1.0, 3.0, (paths, feeds))
    if fixed.wide:
        prices = prices._replace(width=rng.uniform(0.0, 0.05, (paths, feeds)))
    return fixed, books, prices, awake, room


def glanced(seed: int, *, spread: float) -> list[tuple[float, float, float, float, float]]:
    """Buffer and exposure at a glance, exact ones, and gross worth, of all who have a line."""
    fixed, books, prices, awake, room = scene(seed, spread=spread)
    found = []
    for p in range(prices.feed.shape[0]):
        glance_kernel.take_up(room, int(books.start[p]), p % 2 == 0)
        glance_kernel.price_sizes(fixed, prices, awake, room.worth, p)
        for u in range(books.cash.shape[1]):
            glance_kernel.remember(fixed, books, awake, room, p, u)
            if not glance_kernel.holds(room.lines[u], room.stamp):
                continue
            own, needed, exposure, _ = assess_kernel.assess_unit(fixed, books, prices, p, u)
            rows = slice(fixed.units.rows[u], fixed.units.rows[u + 1])
            at = prices.feed[p, fixed.rows.feed[rows]] * fixed.rows.multiplier[rows]
            accrued = np.abs(fixed.rows.rate[rows] * fixed.rows.multiplier[rows])
            each = at + accrued * prices.integral[p, fixed.rows.feed[rows]]
            gross = abs(books.cash[p, u]) + float(np.sum(np.abs(books.size[p, rows]) * each))
            buffer, most = glance_kernel.glance(room.lines[u], room.worth)
            found.append((buffer, most, own - needed, exposure, gross + needed))
    return found


@pytest.mark.parametrize("seed", range(24))
def test_a_glance_never_sees_more_buffer_or_less_exposure(seed: int) -> None:
    for spread in (0.1, 2.0):
        for buffer, most, exact, exposure, _ in glanced(seed, spread=spread):
            assert buffer <= exact
            assert most >= exposure


def test_a_glance_is_close_where_prices_are_near_their_start() -> None:
    """Else all would be looked at exactly, and the test above would still hold."""
    count = 0
    for seed in range(24):
        for buffer, most, exact, exposure, gross in glanced(seed, spread=0.1):
            assert buffer >= exact - CLOSE * gross
            assert most <= exposure * (1.0 + CLOSE)
            count += 1
    assert count > 200, f"only {count} units had a line"


def test_loans_and_contracts_short_and_long_have_lines() -> None:
    kinds = set()
    for seed in range(24):
        fixed, _, _, _, _ = scene(seed, spread=0.0)
        known = np.repeat(fixed.glances.known, np.diff(fixed.units.rows))
        for kind, place in zip(fixed.rows.kind[known], fixed.glances.place[known], strict=True):
            kinds.add((int(kind), bool(fixed.glances.short[place])))
    assert kinds == {(kind, side) for kind in (0, 2) for side in (False, True)}
    assert RowKind.INVERSE not in {kind for kind, _ in kinds}


def first_with_line(place: Scene) -> int:
    """Take up path 0 after its start, remember everybody, and choose somebody who has a line."""
    fixed, books, _, awake, room = place
    glance_kernel.take_up(room, 0, False)
    for u in range(books.cash.shape[1]):
        glance_kernel.remember(fixed, books, awake, room, 0, u)
    unit = int(np.argmax(room.lines[:, glance_kernel.STAMP]))
    assert glance_kernel.holds(room.lines[unit], room.stamp)
    return unit


def test_a_line_holds_until_its_path_is_taken_up_again() -> None:
    place = scene(1, spread=0.0)
    fixed, books, _, awake, room = place
    unit = first_with_line(place)
    glance_kernel.forget(room.lines, unit)
    assert not glance_kernel.holds(room.lines[unit], room.stamp)
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    assert glance_kernel.holds(room.lines[unit], room.stamp)
    for fresh in (False, True):
        glance_kernel.take_up(room, 0, fresh)
        assert not glance_kernel.holds(room.lines[unit], room.stamp)


def test_a_line_of_the_start_holds_at_every_start_of_its_world() -> None:
    place = scene(1, spread=0.0)
    fixed, books, _, awake, room = place
    unit = first_with_line(place)
    glance_kernel.take_up(room, 0, True)
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    for world, fresh, alike, held in (
        (0, True, True, True),
        (1, True, True, False),  # who belongs to another world holds something else
        (0, False, True, False),  # the plain loop may have changed anything
        (0, True, False, False),
        (0, True, True, True),
    ):
        room = room._replace(alike=alike)
        glance_kernel.take_up(room, world, fresh)
        assert glance_kernel.holds(room.lines[unit], room.stamp) == held


def test_who_was_sold_leaves_no_line_of_the_start() -> None:
    place = scene(1, spread=0.0)
    fixed, books, _, awake, room = place
    unit = first_with_line(place)
    glance_kernel.take_up(room, 0, True)
    books.tried[0, unit] = 1
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    assert glance_kernel.holds(room.lines[unit], room.stamp)
    glance_kernel.take_up(room, 0, True)
    assert not glance_kernel.holds(room.lines[unit], room.stamp)


def test_who_holds_cash_alone_has_no_line() -> None:
    place = scene(1, spread=0.0)
    fixed, books, _, awake, room = place
    unit = first_with_line(place)
    books.size[0, fixed.units.rows[unit] : fixed.units.rows[unit + 1]] = 0.0
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    assert not glance_kernel.holds(room.lines[unit], room.stamp)


@pytest.mark.parametrize("amount", [1e-45, 1e-31, 1e31, 1e39, np.inf, np.nan])
def test_amounts_that_single_precision_cannot_hold_have_no_line(amount: float) -> None:
    place = scene(1, spread=0.0)
    fixed, books, _, awake, room = place
    unit = first_with_line(place)
    row = fixed.units.rows[unit]
    held, books.size[0, row] = books.size[0, row], np.copysign(amount, books.size[0, row])
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    assert not glance_kernel.holds(room.lines[unit], room.stamp)
    books.size[0, row] = held
    books.cash[0, unit] = amount
    glance_kernel.remember(fixed, books, awake, room, 0, unit)
    assert glance_kernel.holds(room.lines[unit], room.stamp) == (amount < 1.0)


def test_stamps_begin_anew_before_single_precision_ends() -> None:
    room = scene(1, spread=0.0)[4]
    room.stamp[:] = glance_kernel.LAST_STAMP
    room.lines[:, glance_kernel.STAMP] = 1.0
    glance_kernel.take_up(room, 0, False)
    assert list(room.stamp) == [1, 1]
    assert not (room.lines[:, glance_kernel.STAMP] == 1.0).any()


def test_lines_begin_where_lines_of_memory_do() -> None:
    for units in (0, 1, 5, 1000):
        lines = empty_lines(units)
        assert lines.shape == (units, LINE)
        assert lines.ctypes.data % 64 == 0 or units == 0
        assert lines.flags["C_CONTIGUOUS"]


def test_a_table_that_jumps_leaves_the_first_tiers_of_others_as_they_are() -> None:
    """Starts of tiers exist for all tables as soon as one jumps; 0 is no start of the second."""
    setup, _ = quiet_case(0)
    tiers = setup.table.tiers
    rate = np.array([[0.01, 0.02], [0.01, 0.02]])
    deduction = np.array([[0.0, 100.0], [0.0, 0.0]])
    both = replace(
        tiers,
        maintenance_rate=rate,
        maintenance_deduction=deduction,
        start=np.array([[0.0, 0.0], [0.0, 5_000.0]]),
    )
    setup = replace(setup, table=replace(setup.table, tiers=both))
    assert first_tier(setup).tolist() == [10_000.0, 0.0]
    alone = replace(setup, table=replace(setup.table, tiers=replace(both, start=None)))
    assert first_tier(alone).tolist() == [10_000.0, 0.0]
