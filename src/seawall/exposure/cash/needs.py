"""What each account needs by each hour of each path, and what it never needs itself.

need(h) = max over t <= h of max(0, margin due - equity): what has to have come by h, had no money
come and nobody closed the account. free(h) = min over t <= h of max(0, equity - due): what could
have been sent away at the start. Prices are those that the venues see in the loop, with the crowd's
feedback; the desk itself is away from that loop, so it is neither closed nor in anybody's way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.absent import Absence
from seawall.cascade.engine import BASE, Runs, chunk_of, draw, path_worlds
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import Loop, choose
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.watch import Watch
from seawall.exposure.cash.due import Desk, Seen, surplus
from seawall.foundation.units import SECONDS_PER_YEAR


@dataclass(frozen=True)
class Needs:
    """By hour, on p paths or in p other markets.

    need, free (p, h, d) quote    units (p, h, d) need in units of the asset that pays
    pooled (p, h)  quote: what would have to come if all accounts were one purse at every moment
    """

    need: Floats
    free: Floats
    units: Floats
    pooled: Floats


@dataclass
class Running:
    """The running extremes of some paths; one call of ``add`` for each moment, in order."""

    desk: Desk
    need: Floats
    free: Floats
    units: Floats
    pooled: Floats

    def add(self, seen: Seen) -> None:
        """One moment of every path."""
        spare = surplus(self.desk, seen)
        short = np.maximum(-spare, 0.0)
        self.need = np.maximum(self.need, short)
        self.free = np.minimum(self.free, np.maximum(spare, 0.0))
        self.units = np.maximum(self.units, short / seen.price[:, self.desk.pays])
        self.pooled = np.maximum(self.pooled, np.maximum(-spare.sum(axis=1), 0.0))


def running(desk: Desk, paths: int) -> Running:
    """Nothing seen yet."""
    shape = paths, desk.table.units.account.size
    zeros = np.zeros(shape)
    return Running(desk, zeros, np.full(shape, np.inf), zeros.copy(), np.zeros(paths))


def gathered(desk: Desk, moments: Callable[[int], Seen], paths: int, marks: Ints) -> Needs:
    """Needs at the steps ``marks`` (h,), rising, of the markets that ``moments`` gives by step."""
    so_far = running(desk, paths)
    out: list[tuple[Floats, Floats, Floats, Floats]] = []
    wanted = {int(step) for step in marks}
    for step in range(int(marks[-1]) + 1):
        so_far.add(moments(step))
        if step in wanted:
            out.append((so_far.need, so_far.free, so_far.units, so_far.pooled))
    need, free, units, pooled = (np.stack(part, axis=1) for part in zip(*out, strict=True))
    return Needs(need, free, units, pooled)


def desk_feeds(desk: Desk, setup: Setup) -> Ints:
    """Which feed of the whole Case each of the desk's is, (w,)."""
    known = {
        (setup.table.venues[v], setup.table.assets[k]): f
        for f, (v, k) in enumerate(
            zip(setup.table.feed_venue.tolist(), setup.table.feed_asset.tolist(), strict=True)
        )
    }
    own = desk.table
    return np.array(
        [
            known[own.venues[v], own.assets[k]]
            for v, k in zip(own.feed_venue.tolist(), own.feed_asset.tolist(), strict=True)
        ],
        dtype=np.int64,
    )


def on_paths(
    desk: Desk, setup: Setup, paths: int, marks: Ints, seed: int, compute: Compute
) -> Needs:
    """Needs on the Case's own paths at steps ``marks`` (h,), rising, by whichever engine answers.

    Where slots shape what margin sees beside the price, the plain loop is looked at.
    """
    number = np.arange(paths)
    runs = Runs(number, np.zeros_like(number), absence=away(desk, setup, paths))
    if setup.scaling is not None or setup.oracles is not None:
        return observed(desk, setup, runs, marks, seed)
    loop, chunk = choose(compute.engine, setup), chunk_of(setup)
    starts = range(0, paths, chunk)
    parts = [runs.part(first, first + chunk) for first in starts]
    return joined([watched(desk, setup, part, marks, seed, loop) for part in parts])


def away(desk: Desk, setup: Setup, paths: int) -> Absence:
    """The desk's margin accounts are away on every path."""
    book = setup.book
    mine = [
        book.account_owner[a] == desk.owner for a in setup.table.units.account[setup.desk_units]
    ]
    unit = np.full(setup.table.units.account.size, -1)
    unit[setup.desk_units[np.array(mine, dtype=bool)]] = 0
    none = np.full(setup.table.rows.unit.size, -1)
    options = np.full(setup.table.options.unit.size, -1)
    return Absence(unit, none, options, np.zeros((paths, 1), dtype=bool))


def watched(desk: Desk, setup: Setup, runs: Runs, marks: Ints, seed: int, loop: Loop) -> Needs:
    """Needs from prices that either loop notes at every step.

    Funding and interest accrue on the price at the end of a step, not at its start.
    """
    steps, dt, feeds = int(marks[-1]), setup.step_seconds, desk_feeds(desk, setup)
    watching = replace(runs, watch=Watch(feeds, np.arange(steps + 1)))
    job = Job(setup, (BASE,), watching, steps, seed, loop, WHOLE)
    price = job.runner()((0, job.paths)).seen
    integral = np.zeros((price.shape[0], feeds.size))

    def moment(step: int) -> Seen:
        nonlocal integral
        if step:
            integral = integral + price[:, step] * dt
        years = np.full(price.shape[0], step * dt / SECONDS_PER_YEAR)
        return Seen(price[:, step], integral, years)

    return gathered(desk, moment, price.shape[0], marks)


class _Looking:
    """Looks at the plain loop after each step, at what margin sees, whatever slots shape it."""

    def __init__(self, desk: Desk, setup: Setup, paths: int, feeds: Ints, marks: Ints) -> None:
        self.so_far = running(desk, paths)
        self.kept: list[tuple[Floats, Floats, Floats, Floats]] = []
        self._feeds, self._marks = feeds, {int(step) for step in marks}
        self._dt = setup.step_seconds
        start = np.repeat(desk.spot[None, :], paths, axis=0)
        self._add(0, Seen(start, np.zeros_like(start), np.zeros(paths)))

    def _add(self, step: int, seen: Seen) -> None:
        self.so_far.add(seen)
        if step in self._marks:
            now = self.so_far
            self.kept.append((now.need, now.free, now.units, now.pooled))

    def __call__(self, step: int, state: State) -> None:
        """After one step of the loop."""
        quotes, feeds = state.quotes, self._feeds
        scale = None if quotes.scale is None else quotes.scale[:, feeds]
        width = None if quotes.width is None else quotes.width[:, feeds]
        years = np.full(quotes.price.shape[0], step * self._dt / SECONDS_PER_YEAR)
        self._add(
            step, Seen(quotes.price[:, feeds], quotes.integral[:, feeds], years, scale, width)
        )


def observed(desk: Desk, setup: Setup, runs: Runs, marks: Ints, seed: int) -> Needs:
    """Needs from the plain loop, looked at after each step."""
    steps, parts, chunk = int(marks[-1]), [], chunk_of(setup)
    feeds = desk_feeds(desk, setup)
    for first in range(0, runs.number.size, chunk):
        part = runs.part(first, first + chunk)
        exogenous = draw(setup, (BASE,), part, steps, seed)
        look = _Looking(desk, setup, part.number.size, feeds, marks)
        own = path_worlds((BASE,), part)
        run(setup, exogenous, worlds=own, draws=part.draws(seed), observe=look)
        need, free, units, pooled = (np.stack(x, axis=1) for x in zip(*look.kept, strict=True))
        parts.append(Needs(need, free, units, pooled))
    return joined(parts)


def joined(parts: list[Needs]) -> Needs:
    """Needs of chunks of paths, in order."""
    return Needs(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("need", "free", "units", "pooled")
        )
    )


def with_transfers(needs: Needs, lead: int, marks: Ints) -> Floats:
    """What has to come from outside (p, h) when what is never needed is sent at the start.

    Until it lands, ``lead`` steps on, accounts stand on their own; from then on what all need less
    what all have free up to the hour. No more is needed than this; sending later, or sending back,
    could need less. ``marks`` holds the step before it lands.
    """
    alone: Floats = needs.need.sum(axis=2)
    free = needs.free.sum(axis=2)
    if lead > int(marks[-1]):
        return alone
    if lead <= 0:
        at_once: Floats = np.maximum(alone - free, 0.0)
        return at_once
    before = alone[:, int(np.searchsorted(marks, lead - 1))]
    landed = np.maximum(before[:, None], alone - free)
    out: Floats = np.where(marks[None, :] < lead, alone, landed)
    return out
