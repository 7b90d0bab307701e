"""Crowds of isolated positions: which Cases have a loop of their own, and their tape.

The loop (`isolated_kernel`) keeps no books: a unit is one linear position, as at the start or
closed in full. What it cannot do gives a path up, and the general engine runs that path from its
start; paths are independent, so the tape is the same bit for bit (law L6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.course import ROUNDING, refuse_elsewhere
from seawall.cascade.expiry import expiry_steps
from seawall.cascade.fast import isolated_layout_kernel as layout
from seawall.cascade.fast import layout_kernel
from seawall.cascade.fast.compile import EARLY, closes_natively, in_one_piece, priced_alone
from seawall.cascade.fast.isolated_kernel import DONE, ODD, run_isolated
from seawall.cascade.fast.isolated_tape import Log, logged
from seawall.cascade.fast.slots import is_plain_market
from seawall.cascade.reference import MAX_ROUNDS
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds, base_worlds
from seawall.cascade.switches import Switches, in_force
from seawall.cascade.tape import NEVER, Tape, merged
from seawall.cascade.watch import Watch
from seawall.foundation.arrays import distinct
from seawall.foundation.errors import InputError
from seawall.margin.table.margin_table import RowKind

# Paths after which it is asked whether the rest is worth trying: a path given up is run twice. Not
# fewer, as each call of the kernel costs as much as two paths before it begins.
FIRST = 128
# Rows of the columns to begin with; they grow.
ROWS = 1_000_000
# Runs of the paths (n,) that were given up, by the general engine.
General = Callable[[Ints], Tape]


@dataclass(frozen=True)
class Isolated:
    """What all paths of such a Case share."""

    setup: Setup
    crowd: layout.Crowd
    cross: layout.Crossings
    terms: layout.Terms
    impact: layout_kernel.Impact
    feeds: layout_kernel.Feeds


def is_isolated(setup: Setup) -> bool:
    """Whether the loop of isolated crowds knows all that may happen to most paths of a Case."""
    table, rules = setup.table, [rulebook.liquidation for rulebook in setup.rulebooks]
    units, rows = table.units, table.rows
    if not is_plain_market(setup) or rows.unit.size == 0 or table.tiers.start is not None:
        return False
    if not all(closes_natively(setup, v) for v in range(len(rules))):
        return False
    if any(rule.partial_fraction < 1.0 or rule.backstop_ratio for rule in rules):
        return False
    alone = priced_alone(setup)
    empty = (np.diff(units.rows) == 0) & (np.diff(units.options) == 0)
    home = table.feed_venue[rows.feed] == units.venue[rows.unit]
    traded = (rows.asset != setup.quote) & (rows.kind == RowKind.LINEAR)
    settled = table.feed_asset[units.settle] == setup.quote
    return bool(np.all(alone | empty) and np.all(settled) and np.all(home & traded))


def compile_isolated(setup: Setup, fixed: layout_kernel.Fixed, steps: int) -> Isolated | None:
    """What all paths share; None where a Case is left to the general engine alone."""
    if steps < 1 or not is_isolated(setup) or expiry_steps(setup, steps).any():
        return None
    lines, line = _lines(setup, fixed.rows)
    made = (_crowd(setup, lines, line), _crossings(setup, fixed.wakes, line), _terms(setup))
    crowd, cross, terms = (in_one_piece(record) for record in made)
    return Isolated(setup, crowd, cross, terms, fixed.impact, fixed.feeds)


def _lines(setup: Setup, known: layout_kernel.Rows) -> tuple[Floats, Ints]:
    """Distinct kinds of position (l, 6), venue first and tier table last; that of each row (r,).

    Rows of one of the general engine's ``known`` lines are alike in all of it: few are sorted.
    """
    rows = setup.table.rows
    _, first, place = distinct(known.line, known.lines.shape[0])
    venue = setup.table.units.venue[rows.unit[first]]
    columns = (rows.feed, rows.asset, rows.multiplier, rows.rate, rows.tier)
    some = [venue, *(column[first] for column in columns)]
    whole = np.column_stack([column.astype(np.float64) for column in some])
    found, line = np.unique(whole, axis=0, return_inverse=True)
    return found, line.reshape(-1)[place]


def _crowd(setup: Setup, lines: Floats, line: Ints) -> layout.Crowd:
    table, units, desk = setup.table, setup.table.units, setup.desk_units
    held = _held(setup, line)[:, desk]
    venues, whole = np.arange(len(table.venues)), layout.WHOLE
    mine, tier = [np.flatnonzero(units.venue == v) for v in venues], lines[:, 5].astype(np.int64)
    return layout.Crowd(
        lines=np.ascontiguousarray(lines[:, 1:5]),
        line_first=np.searchsorted(lines[:, 0], np.append(venues, venues.size)),
        rate=table.tiers.maintenance_rate[tier],
        deduction=table.tiers.maintenance_deduction[tier],
        word_first=np.array([int(n[0]) // 64 // whole * whole if n.size else 0 for n in mine]),
        word_last=np.array(
            [-(-int(n[-1] + 1) // 64 // whole) * whole if n.size else 0 for n in mine]
        ),
        desk=desk,
        desk_held=held[:, :, :2],
        desk_line=held[0, :, layout.LINE].astype(np.int64),
    )


def _held(setup: Setup, line: Ints) -> Floats:
    """Size, cash, equity at the start and line (w, u, 4) of each unit; size 0 where it has none."""
    worlds, count = setup.start_cash.shape
    held = np.zeros((worlds, count, 4))
    one = np.flatnonzero(np.diff(setup.table.units.rows) == 1)
    row = setup.table.units.rows[one]
    held[:, one, layout.SIZE] = setup.start_size[:, row]
    held[:, one, layout.LINE] = line[row]
    held[:, :, layout.CASH] = setup.start_cash
    held[:, :, layout.BEGUN] = setup.start_equity
    return held


def _crossings(setup: Setup, wakes: layout_kernel.Wakes, line: Ints) -> layout.Crossings:
    held = _held(setup, line)
    unit = np.concatenate([wakes.fall_unit, wakes.rise_unit], axis=1)
    return layout.Crossings(
        first=np.stack([wakes.fall_first, wakes.rise_first + wakes.fall_unit.shape[1]]),
        price=np.concatenate([wakes.fall_price, wakes.rise_price], axis=1),
        unit=unit.astype(np.uint32),
        held=np.take_along_axis(held, unit[:, :, None], axis=1).reshape(held.shape[0], -1),
        shift=_shift(setup),
        funded=wakes.funding > 0.0,
        venue=setup.table.feed_venue,
    )


def _shift(setup: Setup) -> Floats:
    """Most (first row) and least that a price-second of funding moves the prices (f,) at which
    units fall: rate / (1 - maintenance) for longs, rate / (1 + maintenance) for shorts.
    """
    rows, rate = setup.table.rows, setup.table.tiers.maintenance_rate
    out, size = np.zeros((2, setup.table.feed_asset.size)), setup.start_size[0]
    longs = (rows.rate[:, None] / (1.0 - rate[rows.tier])).max(axis=1)
    shorts = (rows.rate[:, None] / (1.0 + rate[rows.tier])).min(axis=1)
    for f in range(out.shape[1]):
        falls, rises = (
            longs[(rows.feed == f) & (size > 0.0)],
            shorts[(rows.feed == f) & (size < 0.0)],
        )
        out[layout.FALL, f] = falls.max(initial=-np.inf) if falls.size else 0.0
        out[layout.RISE, f] = rises.min(initial=np.inf) if rises.size else 0.0
    out[layout.FALL] += EARLY * np.abs(out[layout.FALL])
    out[layout.RISE] -= EARLY * np.abs(out[layout.RISE])
    return out


def _terms(setup: Setup) -> layout.Terms:
    rules = [rulebook.liquidation for rulebook in setup.rulebooks]
    falls = [rulebook.waterfall for rulebook in setup.rulebooks]
    layers = [fall.layers for fall in falls]
    paying = [tuple(one for one in has if one != "adl") for has in layers]
    fee = np.array([float(rule.fee) for rule in rules])
    taker_fee = np.array([float(rulebook.taker_fee) for rulebook in setup.rulebooks])
    return layout.Terms(
        fund=np.array([float(fall.fund) for fall in falls]),
        fee=fee,
        taker_fee=taker_fee,
        to_keeper=np.array([rule.fee_to == "keeper" for rule in rules]),
        adl=np.array(["adl" in has for has in layers]),
        fund_before_adl=np.array(
            ["adl" in has and "fund" in has[: has.index("adl")] for has in layers]
        ),
        fund_first=np.array([has[:1] == ("fund",) for has in paying]),
        charged=np.array([bool(np.any(fee + taker_fee > 0.0))]),
    )


def run_crowd(
    shared: Isolated,
    exogenous: Floats,
    worlds: PathWorlds | None,
    watch: Watch | None,
    general: General,
) -> Tape:
    """The tape of exogenous paths (p, s + 1, k); ``general`` runs those that are given up."""
    setup, paths = shared.setup, exogenous.shape[0]
    refuse_elsewhere(setup, exogenous)
    worlds = base_worlds(paths) if worlds is None else worlds
    switches = in_force(worlds.switches, paths, feedback=setup.impact.feedback)
    exogenous = np.ascontiguousarray(exogenous)
    run = _Run(shared, exogenous, worlds, switches, watch)
    everyone = np.arange(paths)
    first = everyone[:FIRST]
    run.go(first)
    if 3 * np.count_nonzero(run.out.status[first] != DONE) <= first.size:
        run.go(everyone[FIRST:])
    status = run.out.status
    if np.any(status == ODD):
        return general(everyone)
    tape, left = run.tape(), np.flatnonzero(status != DONE)
    if left.size == 0:
        return tape
    try:
        return merged(tape, general(left), left)
    except InputError:
        # A path with no answer: its number and that of all paths stand in the sentence.
        return general(everyone)


class _Run:
    """One run: what sets its paths apart, its columns and its working room."""

    def __init__(
        self,
        shared: Isolated,
        exogenous: Floats,
        worlds: PathWorlds,
        switches: Switches,
        watch: Watch | None,
    ) -> None:
        self.shared, self.exogenous, self.watch = shared, exogenous, watch
        self.ways = in_one_piece(
            layout.Ways(
                np.asarray(worlds.start, dtype=np.int64),
                np.asarray(worlds.depth, dtype=np.float64),
                np.asarray(worlds.fresh, dtype=bool),
                switches.trace,
                switches.slippage,
            )
        )
        setup, (paths, columns, assets) = shared.setup, exogenous.shape
        units, seen = setup.table.units.account.size, (0, 0)
        self.watched = np.zeros((2, 0), dtype=np.int64)
        if watch is not None:
            seen = (watch.step.size, watch.feed.size)
            self.watched = np.zeros((2, max(seen)), dtype=np.int64)
            self.watched[0, : seen[1]], self.watched[1, : seen[0]] = watch.feed, watch.step
        rows = 2 * (units + layout.WHOLE) + min(paths * units // 4, ROWS)
        self.out = layout.Out(
            round=np.empty((rows, 3), dtype=np.int64),
            unit=np.empty(rows, dtype=np.int64),
            notional=np.empty(rows),
            fee=np.empty(rows),
            cover=np.empty(rows, dtype=np.int64),
            covered=np.empty(rows),
            used=np.zeros(3, dtype=np.int64),
            equity=np.zeros((paths, columns, setup.desk_units.size)),
            seen=np.zeros((paths, *seen)),
            trough=np.empty((paths, assets)),
            peak=np.empty((paths, assets)),
            final=np.empty((paths, assets)),
            loss=np.empty(paths),
            status=np.full(paths, -1, dtype=np.int64),
        )
        self.room = _room(shared, columns, assets)

    def go(self, paths: Ints) -> None:
        """Run paths (n,) as far as the kernel can."""
        shared = self.shared
        while paths.size:
            ran = run_isolated(
                shared.crowd,
                shared.cross,
                shared.terms,
                self.ways,
                self.out,
                self.room,
                shared.impact,
                shared.feeds,
                self.exogenous,
                self.watched,
                float(shared.setup.step_seconds),
                shared.setup.quote,
                MAX_ROUNDS,
                paths,
            )
            paths = paths[ran:]
            if paths.size:
                self._grow()

    def _grow(self) -> None:
        """Room for as many rows again."""
        names = ("round", "unit", "notional", "fee", "cover", "covered")
        more = {name: getattr(self.out, name) for name in names}
        longer = {name: np.concatenate([one, np.empty_like(one)]) for name, one in more.items()}
        self.out = self.out._replace(**longer)

    def tape(self) -> Tape:
        """The tape; there is nothing of paths that were given up."""
        setup, out, watch = self.shared.setup, self.out, self.watch
        (used, covers, rounds), paths = out.used.tolist(), out.status.size
        equity, terms = out.equity, self.shared.terms
        log = Log(
            round=out.round[:rounds],
            unit=out.unit[:used],
            notional=out.notional[:used],
            fee=out.fee[:used] if terms.charged[0] else None,
            cover=out.cover[:covers],
            covered=out.covered[:covers],
            earned=_earned(terms),
            venue=setup.table.units.venue,
        )
        negative = equity < -ROUNDING * np.abs(equity[:, :1])
        untouched = np.zeros((0, 0, 0))
        if watch is not None:
            untouched = self.exogenous[:, watch.step][:, :, setup.table.feed_asset[watch.feed]]
        return logged(
            log,
            desk_equity=equity,
            first_negative=np.where(negative.any(axis=1), negative.argmax(axis=1), NEVER),
            trough=out.trough,
            peak=out.peak,
            final=out.final,
            open_deficit=np.zeros((paths, len(setup.table.venues))),
            closed_loss=out.loss,
            seen=np.zeros((0, 0, 0)) if watch is None else out.seen,
            untouched=untouched,
        )


def _earned(terms: layout.Terms) -> Floats | None:
    """Share of fees (v,) that keepers earn; None where they earn nothing."""
    if not terms.to_keeper.any():
        return None
    rate = terms.fee + terms.taker_fee
    share = np.divide(terms.fee, rate, out=np.zeros_like(rate), where=rate > 0.0)
    return np.where(terms.to_keeper, share, 0.0)


def _room(shared: Isolated, columns: int, assets: int) -> layout.Room:
    table = shared.setup.table
    feeds, venues, units = table.feed_asset.size, len(table.venues), table.units.account.size
    words, room = -(-units // 64 // layout.WHOLE) * layout.WHOLE, units + layout.WHOLE
    return layout.Room(
        base=np.empty((assets, columns)),
        market=np.empty((assets, columns)),
        temporary=np.empty((assets, columns)),
        restless=np.empty(assets),
        felt=np.zeros(assets, dtype=np.int64),
        moves=np.empty(columns),
        sent=np.empty((feeds, columns + int(shared.feeds.delay.max(initial=0)))),
        seen=np.empty((feeds, columns)),
        integral=np.zeros((feeds, columns)),
        due=np.empty((feeds, columns), dtype=np.int64),
        extreme=np.zeros((3, assets)),
        batch=np.zeros((3, assets)),
        worth=np.zeros((shared.crowd.lines.shape[0], 4)),
        since=np.zeros((2, feeds), dtype=np.int64),
        place=np.zeros((2, feeds), dtype=np.int64),
        ahead=np.zeros((2, feeds)),
        bits=np.zeros(words, dtype=np.uint64),
        before=np.zeros(words, dtype=np.uint64),
        closed=np.zeros(words, dtype=np.uint64),
        near=np.empty((venues, units), dtype=np.uint32),
        waiting=np.zeros(venues, dtype=np.int64),
        entry=np.empty(room, dtype=np.uint32),
        taken=np.empty(4 * room),
        sold=np.empty((6, room)),
        gone=np.empty(room, dtype=np.int64),
        lost=np.empty((2, room)),
        many=np.zeros(1, dtype=np.int64),
        fund=np.zeros(venues),
    )
