"""Failures in the loop: when each comes on each path, what it does to prices and to who may act.

Three hooks: failed_prices.py on exogenous paths before the loop, `begin_step` and `as_seen` within
`advance`, `waits` before anybody is closed. What takes money is in failing.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.case import Case
from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.random import Stream
from seawall.instruments import Staked
from seawall.margin.table.margin_table import MarginTable, RowKind
from seawall.scenario.failure.arrival import (
    NEVER,
    Arrival,
    Pace,
    arrival_seconds,
    first_step,
    is_constant,
    whole_steps,
)
from seawall.scenario.failure.manipulation import OracleManipulation
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.pegs import Bridge, StablecoinDepeg
from seawall.scenario.failure.slot import Failures
from seawall.scenario.failure.venue import VenueInsolvency, VenueOutage

SLOT = "failures"
THIEF = "attacker"
LONG_AGO = -2
# A share of a thief's loot below this is rounding.
NOBODY = -1


@dataclass(frozen=True)
class Placed:
    """One failure and where it strikes, as indexes; -1 where it has none.

    assets  whose price it moves         feed   that it makes lie
    unit    account of who takes, or of the estate; row, debt   its balances (lender)
    """

    failure: Arrival
    venue: int = NOBODY
    assets: tuple[int, ...] = ()
    feed: int = NOBODY
    unit: int = NOBODY
    row: int = NOBODY
    debt: int = NOBODY


@dataclass(frozen=True)
class FailureRules:
    """All failures of a Case; address (n, 2) where each one's random numbers are; step_seconds;
    wrong_way {asset that hazards follow: its index}.
    """

    slot: Failures
    placed: tuple[Placed, ...]
    address: Ints
    feed_venue: Ints
    step_seconds: float
    wrong_way: Mapping[str, int] = field(default_factory=dict)

    @property
    def moving(self) -> set[int]:
        """Assets whose price, true or seen, a failure may move."""
        return {k for one in self.placed for k in one.assets}


@dataclass
class FailureMemory:
    """first (p, n) step at which each failure comes; own (p, 2 n), common (p, m) the uniforms that
    it was drawn by; safe (p,) where none comes, None for nowhere; waited (p, v) last step at which
    somebody waited for a venue that is out; out (p, v), dark (p, f) venues that stand still now and
    their feeds; factor (p, f) of what is seen over what is published.
    """

    first: Ints
    own: Floats
    common: Floats
    safe: Bools | None
    waited: Ints
    out: Bools
    dark: Bools
    factor: Floats


def with_failures(case: Case, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Case:
    """The Case with these failures beside those it has; ``tables`` as the slot is written."""
    old = case.market.mechanisms.get(SLOT, {})
    assert isinstance(old, Mapping)
    joined = {key: list(value) for key, value in old.items() if key != "rule"}
    for kind, found in tables.items():
        joined[kind] = [*joined.get(kind, []), *found]
    slots = {**case.market.mechanisms, SLOT: joined}
    return replace(case, market=replace(case.market, mechanisms=slots))


def without_failures(case: Case) -> Case:
    """The Case in a world where nothing outside prices and orders fails."""
    slots = {slot: rule for slot, rule in case.market.mechanisms.items() if slot != SLOT}
    return replace(case, market=replace(case.market, mechanisms=slots))


def thief_name(failure: Arrival, number: int) -> str:
    """The account that a failure brings along: who takes, or the estate of who failed."""
    return f"{THIEF}/{type(failure).__name__}/{number}"


def compile_failures(
    case: Case, slot: object, table: MarginTable, names: Sequence[str], step_seconds: float
) -> FailureRules | None:
    """Find what each failure strikes; ``names`` of the book's accounts. None without the slot.

    Raises InputError for a venue or asset that the Case has not, the quote currency as the target
    of a price, a lender that does not take what is deposited.
    """
    if not isinstance(slot, Failures):
        return None
    placed, address = [], []
    for kind, each in enumerate(fields(slot)):
        if each.name != "shock":
            for n, failure in enumerate(getattr(slot, each.name)):
                placed.append(_place(case, table, names, failure, n))
                address.append((kind, 2 * n))
    where = np.array(address, dtype=np.int64).reshape(-1, 2)
    paced = [one.wrong_way_asset for one in slot.shock]
    paced += [one.wrong_way_asset for one in slot.listed()]
    followed = {name: _index(table.assets, name, "asset") for name in paced if name is not None}
    return FailureRules(slot, tuple(placed), where, table.feed_venue, step_seconds, followed)


def _place(
    case: Case, table: MarginTable, names: Sequence[str], failure: Arrival, number: int
) -> Placed:
    venue = getattr(failure, "venue", None)
    v = NOBODY if venue is None else _index(table.venues, venue, "venue")
    if isinstance(failure, Bridge):
        return Placed(failure, assets=_priced(case, table, failure.assets))
    if isinstance(failure, StablecoinDepeg):
        return Placed(failure, assets=_priced(case, table, (failure.asset,)))
    if isinstance(failure, VenueOutage):
        return Placed(failure, venue=v)
    if isinstance(failure, OracleManipulation):
        k = _price_of(case, table, failure.asset)
        feed = np.flatnonzero((table.feed_venue == v) & (table.feed_asset == k))
        # A price that no account of the venue looks at may lie.
        seen = int(feed[0]) if feed.size else NOBODY
        return Placed(failure, v, (k,), feed=seen)
    named = failure.receipts if isinstance(failure, VenueInsolvency) else ()
    if isinstance(failure, UnbackedMint):
        named = (failure.asset,)
    assets = _priced(case, table, named)
    if v == NOBODY:
        return Placed(failure, assets=assets)
    unit = _thief(table, names, thief_name(failure, number))
    lends = case.rulebooks[table.venues[v]].liquidation.style == "keeper"
    taken = getattr(failure, "borrow", None) or getattr(failure, "asset", None)
    debt = row = NOBODY
    if taken is not None:
        _index(table.assets, taken, "asset")
        debt = _row(table, unit, taken) if lends else NOBODY
        if not lends and (taken != case.quote or isinstance(failure, UnbackedMint)):
            expected = f"{case.quote}, or a lending venue" if taken != case.quote else "a lender"
            raise _refuse(f"{taken} is taken at {venue}, an order-book venue", expected)
    if isinstance(failure, UnbackedMint):
        row = _row(table, unit, failure.asset)
        if table.rows.shortfall[row] >= 1.0:
            raise _refuse(f"{venue} takes no {failure.asset} as collateral", "one that it takes")
    return Placed(failure, v, assets, unit=unit, row=row, debt=debt)


def _index(known: Sequence[str], name: str, what: str) -> int:
    if name not in known:
        raise _refuse(f"a failure names the {what} {name!r}", choices(name, known))
    return known.index(name)


def _price_of(case: Case, table: MarginTable, name: str) -> int:
    k = _index(table.assets, name, "asset")
    if name == case.quote:
        raise _refuse(
            f"a failure moves the price of {name}, in which all prices are quoted",
            "another asset; for this one, quote the Case in another currency",
        )
    return k


def _priced(case: Case, table: MarginTable, named: tuple[str, ...]) -> tuple[int, ...]:
    """Assets whose price a failure of the ``named`` ones moves, each once: they, and every staked
    token that leads to one of them.
    """
    hit = dict.fromkeys(_price_of(case, table, name) for name in named)
    staked = [item for item in case.book.instruments if isinstance(item, Staked)]
    for _ in staked:  # a token of a token of one: as many rounds as there are tokens at most
        for item in staked:
            known = item.underlying in table.assets and item.name in table.assets
            if known and table.assets.index(item.underlying) in hit:
                hit[_price_of(case, table, item.name)] = None
    return tuple(hit)


def _refuse(problem: str, expected: str) -> InputError:
    return InputError(f"[mechanisms.{SLOT}]: {problem}", file="market", expected=expected)


def _thief(table: MarginTable, names: Sequence[str], name: str) -> int:
    return int(np.flatnonzero(table.units.account == names.index(name))[0])


def _row(table: MarginTable, unit: int, asset: str) -> int:
    rows = table.rows
    mine = (rows.unit == unit) & (rows.kind == RowKind.BALANCE)
    return int(np.flatnonzero(mine & (rows.asset == table.assets.index(asset)))[0])


def begin_failures(
    rules: FailureRules | None, draws: Draws, safe: Bools | None, venues: int
) -> FailureMemory | None:
    """Draw when each failure comes; on ``safe`` paths (p,) none does."""
    if rules is None:
        return None
    own, common = failure_uniforms(rules, draws)
    paths, feeds = draws.paths.size, rules.feed_venue.size
    return FailureMemory(
        first=first_steps(rules, own, common, safe),
        own=own,
        common=common,
        safe=safe,
        waited=np.full((paths, venues), LONG_AGO, dtype=np.int64),
        out=np.zeros((paths, venues), dtype=bool),
        dark=np.zeros((paths, feeds), dtype=bool),
        factor=np.ones((paths, feeds)),
    )


def failure_uniforms(rules: FailureRules, draws: Draws) -> tuple[Floats, Floats]:
    """Uniforms of failures (p, 2 n) and shocks (p, m), as `arrival.arrival_seconds` takes them.

    On hurried paths those that say when are raised to 1 / hurry.
    """
    paths, count = draws.paths.size, len(rules.placed)
    own = np.empty((paths, 2 * count))
    path = np.arange(paths)
    for i, (kind, element) in enumerate(rules.address):
        for side in (0, 1):
            where = np.full(paths, element + side)
            own[:, 2 * i + side] = draws.at(Stream.FAILURE, path, int(kind), where)
    common = np.empty((paths, len(rules.slot.shock)))
    for j in range(common.shape[1]):
        common[:, j] = draws.at(Stream.FAILURE_SHOCK, path, 0, np.full(paths, j))
    if draws.hurry is not None:
        sooner = np.flatnonzero(draws.hurry != 1.0)
        columns = [own[:, 2 * i] for i, one in enumerate(rules.placed) if is_constant(one.failure)]
        columns += [common[:, j] for j, shock in enumerate(rules.slot.shock) if is_constant(shock)]
        for column in columns:
            column[sooner] = exponential(logarithm(column[sooner]) / draws.hurry[sooner])
    return own, common


def first_steps(
    rules: FailureRules, own: Floats, common: Floats, safe: Bools | None, pace: Pace | None = None
) -> Ints:
    """First step (p, n) of each failure, from its uniforms; see `arrival.arrival_seconds`."""
    failures = [one.failure for one in rules.placed]
    seconds = arrival_seconds(failures, rules.slot.shock, own, common, pace)
    if safe is not None:
        seconds = np.where(safe[:, None], np.inf, seconds)
    return _fails_once(rules, first_step(seconds, rules.step_seconds))


def _fails_once(rules: FailureRules, first: Ints) -> Ints:
    """First steps (p, n) with one insolvency of a venue at most: the one that comes first."""
    out = first.copy()
    for v in {one.venue for one in rules.placed}:
        same = [
            i
            for i, one in enumerate(rules.placed)
            if one.venue == v and isinstance(one.failure, VenueInsolvency)
        ]
        if len(same) > 1:
            which = np.arange(len(same)) == first[:, same].argmin(axis=1)[:, None]
            out[:, same] = np.where(which, first[:, same], NEVER)
    return out


def begin_step(rules: FailureRules | None, memory: FailureMemory | None, step: int) -> None:
    """At the beginning of a step: which venues stand still, and which feeds lie."""
    if rules is None or memory is None:
        return
    memory.out[:] = False
    memory.factor[:] = 1.0
    for i, one in enumerate(rules.placed):
        first, failure = memory.first[:, i], one.failure
        if isinstance(failure, VenueInsolvency):
            memory.out[:, one.venue] |= step >= first
        elif isinstance(failure, VenueOutage):
            memory.out[:, one.venue] |= _lasts(rules, first, failure.duration_seconds, step)
        elif isinstance(failure, OracleManipulation) and one.feed != NOBODY:
            now = _lasts(rules, first, failure.duration_seconds, step)
            memory.factor[now, one.feed] *= failure.factor
    memory.dark[:] = memory.out[:, rules.feed_venue]


def _lasts(rules: FailureRules, first: Ints, seconds: float, step: int) -> Bools:
    """Paths (p,) on which what began at ``first`` (p,) and lasts ``seconds`` is there now."""
    now: Bools = (step >= first) & (step < first + whole_steps(seconds, rules.step_seconds))
    return now


def pays_nothing_out(rules: FailureRules, memory: FailureMemory, v: int, step: int) -> Bools:
    """Paths (p,) on which a thief finds a venue shut: out, or insolvent before this step."""
    out = np.zeros(memory.out.shape[0], dtype=bool)
    for i, one in enumerate(rules.placed):
        first, failure = memory.first[:, i], one.failure
        if one.venue == v and isinstance(failure, VenueInsolvency):
            out |= step > first
        elif one.venue == v and isinstance(failure, VenueOutage):
            out |= _lasts(rules, first, failure.duration_seconds, step)
    return out


def as_seen(
    memory: FailureMemory | None, path: Ints | slice, published: Floats, before: Floats
) -> Floats:
    """What accounts see of published prices (n, f): nothing new where the venue is out."""
    if memory is None:
        return published
    return np.where(memory.dark[path], before, published * memory.factor[path])


def striking(memory: FailureMemory, i: int, step: int) -> Ints:
    """Paths on which failure ``i`` comes at this step."""
    return np.flatnonzero(memory.first[:, i] == step)


def stands_still(memory: FailureMemory | None, paths: int, v: int) -> Bools:
    """Paths (p,) on which a venue is out: nobody trades there."""
    if memory is None:
        return np.zeros(paths, dtype=bool)
    still: Bools = memory.out[:, v]
    return still
