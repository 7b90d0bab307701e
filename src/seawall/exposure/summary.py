"""What is kept of a run's paths once their events are gone: every amount that `check` prints.

A path's summary is the fold of its events, in the order of the tape: first impairments, sums of
money left to right, notional closed so far. No path's summary depends on its neighbours, so it is
the same bits whether a tape is folded whole or piece by piece, and a run can let go of the events
of each piece as soon as it has been run (`cascade/pieces/keep.py`). Some kilobytes a path are left,
however long it is and however much happened on it. Who needs the events of a path runs that path
again (`runs.full_tapes`): the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.engine import Runs
from seawall.cascade.setup import Setup
from seawall.cascade.tape import FORCED, Tape
from seawall.cascade.watch import Watch
from seawall.exposure.attacker_profit import attacker_money
from seawall.exposure.curve import impairments
from seawall.exposure.impairment import Impairment, bad_debt, desk_columns, desks, place_of
from seawall.exposure.keeper_rent import keeper_money
from seawall.exposure.payers import borne_by
from seawall.exposure.scopes import Found
from seawall.foundation.arrays import segment_sums

PER_PATH = (
    "borne",
    "venues",
    "keepers",
    "attacker",
    "closed_loss",
    "lowest",
    "final",
    "seen",
    "untouched",
    "closed",
    "accounts_closed",
)


@dataclass(frozen=True)
class Summary:
    """A finished run of p paths without its events; amounts in quote, by the last step kept.

    found     first impairments by scope, with the losses by the steps kept
    borne     (p, scopes, 5) what each payer but the account bore (`payers.borne_by`) of the
              deficits of each desk, in book order, and last of all accounts
    venues    (p, 1 + v, 2) insolvent and liquidated: of the protocol, then of each venue
    keepers, attacker    (p, 6), (p, 2) as `keeper_rent.keeper_money`, `attacker_money`
    closed_loss (p,), final (p, k)    as of the tape
    steps     (h,) the steps kept, rising
    lowest    (p, h, d) least equity of each desk unit by each of them, the start included

    Of the base world's paths alone, q <= p, which come first:
    seen, untouched (q, n, w) prices noted, as of the tape
    closed (q, n) notional closed by force up to each noted moment, all accounts
    accounts_closed (q, bytes) one bit for each account that holds anything, in book order: the
    venue closed it by force, in part or in full; empty unless accounts were asked for
    """

    paths: int
    found: Found
    steps: Ints
    borne: Floats
    venues: Floats
    keepers: Floats
    attacker: Floats
    closed_loss: Floats
    lowest: Floats
    final: Floats
    seen: Floats
    untouched: Floats
    closed: Floats
    accounts_closed: np.ndarray

    def part(self, first: int, last: int) -> Summary:
        """Paths first to last - 1 alone."""
        mine = slice(first, last)
        found = {
            scope: (sentence, _cut(one, mine)) for scope, (sentence, one) in self.found.items()
        }
        columns = {name: getattr(self, name)[mine] for name in PER_PATH}
        return replace(self, paths=last - first, found=found, **columns)

    def lowest_by(self, step: int) -> Floats:
        """Least equity (p, d) of desk units by a step; InputError where that was not kept."""
        return self.lowest[:, place_of(step, self.steps, "least equity")]


@dataclass(frozen=True)
class Summaries:
    """Keeps summaries: a `cascade.pieces.keep.Keeper`.

    steps (h,) by which losses are kept, rising, the run's last one among them; watch as of the
    runs; accounts: keep which accounts were closed, and the scopes of a desk's accounts
    """

    steps: Ints
    watch: Watch | None = None
    accounts: bool = False

    def of(self, setup: Setup, runs: Runs, tape: Tape) -> Summary:
        """The summary of paths ``runs``, whose tape this is."""
        last, base = int(self.steps[-1]), runs.world == 0
        found = impairments(setup, tape, accounts=self.accounts)
        noted = np.zeros(0, dtype=np.int64) if self.watch is None else self.watch.step
        unseen = np.zeros((tape.paths, 0, 0))
        seen, untouched = (unseen, unseen) if self.watch is None else (tape.seen, tape.untouched)
        asked = accounts_closed(setup, tape, last) if self.accounts else _nothing(tape.paths)
        return Summary(
            paths=tape.paths,
            found={scope: (said, one.kept_by(self.steps)) for scope, (said, one) in found.items()},
            steps=self.steps,
            borne=_borne(setup, tape, last),
            venues=venue_money(setup, tape, last),
            keepers=keeper_money(setup, tape, last),
            attacker=attacker_money(tape, last),
            closed_loss=tape.closed_loss,
            lowest=_lowest(tape, self.steps),
            final=tape.final,
            seen=seen[base],
            untouched=untouched[base],
            closed=closed_so_far(tape, noted)[base],
            accounts_closed=asked[base],
        )

    def joined(self, parts: list[Summary]) -> Summary:
        """Summaries of pieces, in their order, on memory of their own."""
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in PER_PATH
        }
        found = {
            scope: (sentence, _together([part.found[scope][1] for part in parts]))
            for scope, (sentence, _) in parts[0].found.items()
        }
        paths, steps = sum(part.paths for part in parts), parts[0].steps.copy()
        return replace(parts[0], paths=paths, found=found, steps=steps, **columns)


def _nothing(paths: int) -> np.ndarray:
    return np.zeros((paths, 0), dtype=np.uint8)


def _cut(one: Impairment, mine: slice) -> Impairment:
    """Some paths of an impairment."""
    return replace(
        one,
        step=one.step[mine],
        kind=one.kind[mine],
        unit=one.unit[mine],
        leg=one.leg[mine],
        by_kind={kind: step[mine] for kind, step in one.by_kind.items()},
        loss=one.loss[mine],
    )


def _together(parts: list[Impairment]) -> Impairment:
    """One scope's impairment on the paths of several pieces."""
    return replace(
        parts[0],
        step=np.concatenate([part.step for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        unit=np.concatenate([part.unit for part in parts]),
        leg=np.concatenate([part.leg for part in parts]),
        by_kind={
            kind: np.concatenate([part.by_kind[kind] for part in parts])
            for kind in parts[0].by_kind
        },
        at=None if parts[0].at is None else parts[0].at.copy(),
        loss=np.concatenate([part.loss for part in parts]),
    )


def _borne(setup: Setup, tape: Tape, step: int) -> Floats:
    """Who bore what (p, scopes, 5), as Summary.borne."""
    everyone = np.ones(setup.is_desk.size, dtype=bool)
    out = []
    for owner in desks(setup):
        units = np.zeros_like(everyone)
        units[setup.desk_units[desk_columns(setup, owner)]] = True
        out.append(borne_by(setup, tape, units, step))
    return np.stack([*out, borne_by(setup, tape, everyone, step)], axis=1)


def venue_money(setup: Setup, tape: Tape, step: int) -> Floats:
    """Insolvent and liquidated amounts (p, 1 + v, 2) by a step, quote >= 0: of the protocol, then
    of each venue. Debt still open at the end of the run is insolvent.
    """
    of, within = setup.table.units.venue[tape.unit], tape.step <= step
    closed = within & np.isin(tape.kind, FORCED)
    debt, places = bad_debt(tape), range(-1, len(setup.table.venues))
    out = np.empty((tape.paths, len(places), 2))
    for n, v in enumerate(places):
        mine = np.ones(of.size, dtype=bool) if v < 0 else of == v
        open_debt = tape.open_deficit.sum(axis=1) if v < 0 else tape.open_deficit[:, v]
        out[:, n, 0] = _per_path(tape, debt, mine & within) + open_debt
        out[:, n, 1] = _per_path(tape, tape.notional, mine & closed)
    return out


def _per_path(tape: Tape, amount: Floats, keep: np.ndarray) -> Floats:
    return segment_sums(amount[keep], tape.path[keep], tape.paths)


def _lowest(tape: Tape, steps: Ints) -> Floats:
    """Least equity (p, h, d) of desk units by each of these steps."""
    out = np.empty((tape.paths, steps.size, tape.desk_equity.shape[2]))
    so_far = np.full(out[:, 0].shape, np.inf)
    for n, (first, past) in enumerate(pairwise([0, *(steps + 1).tolist()])):
        so_far = np.minimum(so_far, tape.desk_equity[:, first:past].min(axis=1, initial=np.inf))
        out[:, n] = so_far
    return out


def closed_so_far(tape: Tape, moments: Ints) -> Floats:
    """Notional closed by force up to each of some steps (p, n), rising, quote, all accounts; what
    was closed after the last of them is not counted.
    """
    mine = np.isin(tape.kind, FORCED)
    moment = np.searchsorted(moments, tape.step)
    mine &= moment < moments.size
    place = tape.path[mine] * moments.size + moment[mine]
    closed = segment_sums(tape.notional[mine], place, tape.paths * moments.size)
    return np.cumsum(closed.reshape(tape.paths, moments.size), axis=1)


def accounts_closed(setup: Setup, tape: Tape, step: int) -> np.ndarray:
    """Which accounts were closed by force by a step (p, bytes), one bit each: see Summary."""
    owned = setup.table.units.account
    accounts = np.unique(owned)
    mine = np.isin(tape.kind, FORCED) & (tape.step <= step)
    out = np.zeros((tape.paths, -(-accounts.size // 8)), dtype=np.uint8)
    number = np.searchsorted(accounts, owned)[tape.unit[mine]]
    np.bitwise_or.at(out, (tape.path[mine], number // 8), (128 >> number % 8).astype(np.uint8))
    return out
