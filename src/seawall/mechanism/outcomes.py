"""What came of a replay, in the units in which outcomes of real events are published.

Each measure is a number per path. Sums are over the venues of the event; a measure of one asset or
one venue says so. Amounts are in quote currency; shares are fractions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.exposure.impairment import bad_debt
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.margin.table.margin_table import RowKind
from seawall.mechanism.watching import Reduced

# Users of a venue that were deleveraged are so many that ten of them are this share (10 of 19,337).
TOP_TEN_SHARE = 10.0 / 19_337.0
TOP_HUNDRED_SHARE = 100.0 / 19_337.0


@dataclass(frozen=True)
class Course:
    """A finished replay: setup, tape; worst of the vaults (p, v) quote <= 0; winners reduced."""

    setup: Setup
    tape: Tape
    vaults: Floats
    winners: Reduced


Measure = Callable[[Course, str, str], Floats]


def measured(course: Course, measure: str, asset: str = "", venue: str = "") -> Floats:
    """A measure (p,) of every path, not a number where it has none (no ADL, nothing liquidated).

    Raises InputError for an unknown measure, or one that lacks its asset or venue.
    """
    if measure not in MEASURES:
        raise InputError(
            f"the measure {measure!r} is not known", expected=choices(measure, MEASURES)
        )
    known = course.setup.table
    for word, value, names in (("asset", asset, known.assets), ("venue", venue, known.venues)):
        if value and value not in names:
            raise InputError(
                f"{measure} names the {word} {value!r}", expected=choices(value, names)
            )
    return MEASURES[measure](course, asset, venue)


def _sum(course: Course, amount: Floats, keep: Bools) -> Floats:
    tape = course.tape
    return segment_sums(amount[keep], tape.path[keep], tape.paths)


def _at(course: Course, venue: str) -> Bools:
    """Events of a venue, or of all."""
    if not venue:
        return np.ones(course.tape.unit.size, dtype=bool)
    number = course.setup.table.venues.index(venue)
    mine: Bools = course.setup.table.units.venue[course.tape.unit] == number
    return mine


def _forced(course: Course, venue: str) -> Bools:
    return np.isin(course.tape.kind, FORCED) & _at(course, venue)


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(below.shape, np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _liquidated(course: Course, asset: str, venue: str) -> Floats:
    return _sum(course, course.tape.notional, _forced(course, venue))


def _liquidated_accounts(course: Course, asset: str, venue: str) -> Floats:
    hit = _forced(course, venue)
    units = course.setup.table.units.account.size
    cells = np.unique(course.tape.path[hit] * units + course.tape.unit[hit])
    return np.bincount(cells // units, minlength=course.tape.paths).astype(np.float64)


def _long_share(course: Course, asset: str, venue: str) -> Floats:
    """Share of liquidated notional whose account was net long at the start."""
    rows, setup = course.setup.table.rows, course.setup
    linear = np.where(rows.kind == RowKind.BALANCE, 0.0, rows.size * setup.spot[rows.asset])
    net = segment_sums(linear, rows.unit, setup.table.units.account.size)
    hit = _forced(course, venue)
    long = hit & (net[course.tape.unit] > 0)
    total = _sum(course, course.tape.notional, hit)
    return _ratio(_sum(course, course.tape.notional, long), total)


def _window_share(seconds: float) -> Measure:
    """Share of liquidated notional that falls within the busiest window of this length."""

    def share(course: Course, asset: str, venue: str) -> Floats:
        hit = _forced(course, venue)
        tape, steps = course.tape, course.tape.desk_equity.shape[1]
        cell = tape.path[hit] * steps + tape.step[hit]
        by_step = segment_sums(tape.notional[hit], cell, tape.paths * steps)
        run = np.cumsum(by_step.reshape(tape.paths, steps), axis=1)
        wide = max(1, round(seconds / course.setup.step_seconds))
        before = np.zeros_like(run)
        before[:, wide:] = run[:, :-wide] if wide < steps else 0.0
        return _ratio((run - before).max(axis=1), run[:, -1])

    return share


def _winners(course: Course, venue: str) -> Reduced:
    """Reductions of winners at a venue, or at all."""
    if not venue:
        return course.winners
    number = course.setup.table.venues.index(venue)
    return course.winners.only(course.setup.table.units.venue[course.winners.unit] == number)


def _adl_share(course: Course, asset: str, venue: str) -> Floats:
    won = _winners(course, venue)
    reduced = segment_sums(won.notional, won.path, course.tape.paths)
    return _ratio(reduced, _liquidated(course, asset, venue))


def _adl_count_share(course: Course, asset: str, venue: str) -> Floats:
    won = _winners(course, venue)
    number = np.bincount(won.path, minlength=course.tape.paths).astype(np.float64)
    ones = np.ones(course.tape.unit.size)
    return _ratio(number, _sum(course, ones, _forced(course, venue)))


def _first(course: Course, hit: Bools) -> Floats:
    """First step (p,) of these events; infinite without any."""
    out = np.full(course.tape.paths, np.inf)
    np.minimum.at(out, course.tape.path[hit], course.tape.step[hit].astype(np.float64))
    return out


def _first_adl(course: Course, venue: str) -> Floats:
    """First step (p,) at which a winner was reduced; infinite without any."""
    won = _winners(course, venue)
    out = np.full(course.tape.paths, np.inf)
    np.minimum.at(out, won.path, won.step.astype(np.float64))
    return out


def _seconds_to_adl(course: Course, asset: str, venue: str) -> Floats:
    """From the first liquidation to the first ADL; not a number where one of them never came."""
    first = _first(course, _forced(course, venue))
    adl = _first_adl(course, venue)
    both = np.isfinite(first) & np.isfinite(adl)
    gap = np.full(first.shape, np.nan)
    gap[both] = (adl[both] - first[both]) * course.setup.step_seconds
    return gap


def _adl_by_account(course: Course, venue: str) -> list[Floats]:
    """Notional by deleveraged account of each path, rising."""
    won, account = _winners(course, venue), course.setup.table.units.account
    out = []
    for p in range(course.tape.paths):
        mine = won.path == p
        amount = np.bincount(account[won.unit[mine]], won.notional[mine]).astype(np.float64)
        out.append(np.sort(amount[amount > 0]))
    return out


def gini(amounts: Floats) -> float:
    """Gini coefficient of amounts (n,) >= 0 in rising order; not a number without any."""
    n = amounts.size
    if n == 0 or not amounts.sum() > 0:
        return float("nan")
    weight = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.sum(weight * amounts) / (n * amounts.sum()))


def top_share(amounts: Floats, share: float) -> float:
    """Share of the sum that the largest ``share`` of amounts (n,), in rising order, hold; a part of
    an account counts in proportion.
    """
    n = amounts.size
    if n == 0 or not amounts.sum() > 0:
        return float("nan")
    lorenz = np.concatenate([[0.0], np.cumsum(amounts[::-1])]) / amounts.sum()
    return float(np.interp(share * n, np.arange(n + 1), lorenz))


def _of_accounts(what: Callable[[Floats], float]) -> Measure:
    def each(course: Course, asset: str, venue: str) -> Floats:
        return np.array([what(amounts) for amounts in _adl_by_account(course, venue)])

    return each


def _adl_leverage(course: Course, asset: str, venue: str) -> Floats:
    """Median over ADL events of the winner's leverage at the start: gross notional over equity."""
    rows, setup = course.setup.table.rows, course.setup
    gross = np.where(rows.kind == RowKind.BALANCE, 0.0, np.abs(rows.size) * setup.spot[rows.asset])
    count = setup.table.units.account.size
    leverage = segment_sums(gross, rows.unit, count) / np.maximum(setup.start_equity[0], 1e-9)
    won = _winners(course, venue)
    out = np.full(course.tape.paths, np.nan)
    for p in np.unique(won.path):
        out[p] = np.median(leverage[won.unit[won.path == p]])
    return out


def _bad_debt(course: Course, asset: str, venue: str) -> Floats:
    """Negative equity left to others, and what is still open at the end."""
    open_debt = course.tape.open_deficit
    if venue:
        number = course.setup.table.venues.index(venue)
        open_debt = open_debt[:, number : number + 1]
    left = _sum(course, bad_debt(course.tape), _at(course, venue))
    return np.asarray(left + open_debt.sum(axis=1))


def _bad_debt_share(course: Course, asset: str, venue: str) -> Floats:
    return _ratio(_bad_debt(course, asset, venue), _liquidated(course, asset, venue))


def _zero_bids(course: Course, asset: str, venue: str) -> Floats:
    """Share of auctions that were won for next to nothing."""
    ones, mine = np.ones(course.tape.unit.size), _at(course, venue)
    won = mine & (course.tape.kind == EventKind.LIQUIDATION)
    return _ratio(
        _sum(course, ones, mine & (course.tape.kind == EventKind.ZERO_BID)), _sum(course, ones, won)
    )


def _keepers_gain(course: Course, asset: str, venue: str) -> Floats:
    """What keepers kept of the accounts they closed, before gas that failed."""
    won = _at(course, venue) & (course.tape.kind == EventKind.LIQUIDATION)
    return -_sum(course, course.tape.keeper, won)


def _column(course: Course, asset: str) -> int:
    if not asset:
        raise InputError("a measure of one asset does not name it", expected="asset")
    return course.setup.table.assets.index(asset)


def _trough(course: Course, asset: str, venue: str) -> Floats:
    return course.tape.trough[:, _column(course, asset)].copy()


def _peak(course: Course, asset: str, venue: str) -> Floats:
    return course.tape.peak[:, _column(course, asset)].copy()


def _vault_loss(course: Course, asset: str, venue: str) -> Floats:
    """The most that the backstop vaults were down at any time, unrealised."""
    if venue:
        number = course.setup.table.venues.index(venue)
        return -course.vaults[:, number]
    return np.asarray(-course.vaults.sum(axis=1))


MEASURES: dict[str, Measure] = {
    "liquidated": _liquidated,
    "liquidated_accounts": _liquidated_accounts,
    "long_share": _long_share,
    "busiest_minute_share": _window_share(60.0),
    "busiest_40_minutes_share": _window_share(2_400.0),
    "adl_share": _adl_share,
    "adl_count_share": _adl_count_share,
    "seconds_to_first_adl": _seconds_to_adl,
    "adl_gini": _of_accounts(gini),
    "adl_top_ten_share": _of_accounts(lambda a: top_share(a, TOP_TEN_SHARE)),
    "adl_top_hundred_share": _of_accounts(lambda a: top_share(a, TOP_HUNDRED_SHARE)),
    "adl_median_leverage": _adl_leverage,
    "bad_debt": _bad_debt,
    "bad_debt_share": _bad_debt_share,
    "zero_bid_share": _zero_bids,
    "keepers_gain": _keepers_gain,
    "trough": _trough,
    "peak": _peak,
    "vault_loss": _vault_loss,
}


def first_times(course: Course, venue: str = "") -> dict[str, Ints]:
    """First step (p,) of a liquidation and of an ADL, -1 where there was none."""
    found = {
        "liquidation": _first(course, _forced(course, venue)),
        "adl": _first_adl(course, venue),
    }
    return {
        name: np.where(np.isfinite(step), step, -1.0).astype(np.int64)
        for name, step in found.items()
    }
