"""The tape: what happened, when, to whom, who paid; columns, one row per event."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from seawall.book.book import Floats, Ints

NEVER = 2**31 - 1


class EventKind(IntEnum):
    """What happened to a margin account."""

    LIQUIDATION = 0  # closed by the venue: order book, keeper
    BACKSTOP = 1  # taken over by the backstop vault (a liquidation for its owner)
    ADL_BANKRUPT = 2  # closed against winners (a liquidation for its owner)
    ADL_WINNER = 3  # forced reduction of a winner
    SOCIALISED = 4  # share of a socialised loss
    COVER = 5  # deficit paid after the account was closed
    MARGIN_CALL = 6  # the owner was called and has time to pay
    TOP_UP = 7  # the owner paid in, notional of it
    KEEPER_FAILED = 8  # keepers' transactions failed: keeper is the gas they lost
    ZERO_BID = 9  # an auction of notional collateral was won for next to nothing
    SOFT = 10  # bands sold or bought notional of collateral
    BAND_HALT = 11  # forced orders begin to wait outside the price band: unit waits first
    VELOCITY_HALT = 12  # forced orders begin to wait after a fast move
    STALE_HALT = 13  # closes begin to wait for a price that is not too old
    RATE_HALT = 14  # closes begin to wait for the next window of the rate limit
    GATE_CLOSED = 15  # the withdrawal gate closes: fund and vault stop paying
    FUND_FLOW = 16  # taker fees into the fund (notional), or what a full one refused of a fee (< 0)
    FUND_EMPTY = 17  # the fund's last money was paid
    POOL_CUT = 18  # closed because its side made too much profit for the pool
    SENT = 19  # a liquidation was sent, or committed: it acts when it has landed, or settled
    LAPSED = 20  # one landed and found the account healthy
    VOID = 21  # one that was committed found no price in time
    DELEVERED = 24  # the owner sold notional of its positions, for a taker fee
    STOP = 25  # stop-loss orders sold notional, for a taker fee
    WITHDRAWN = 26  # depositors took notional out of a pool or vault: unit is the venue's first
    OWN_HALT = 32  # closes begin to wait for a user's own breaker: unit waits first
    OWN_CLOSE = 33  # an agent of a user's own sold notional of its positions
    OWN_WITHDRAWAL = 34  # one took notional out of its account

    CLAIMS_LOST = 27  # lost notional of its claims on a venue that failed or was robbed
    STOLEN = 28  # notional was taken out of a venue by who has no claim to it
    ATTACK = 30  # the attacker traded or took notional, and paid fee for it (below 0: received)
    OUTAGE_HALT = 29  # closes begin to wait for a venue that stands still: unit waits first


FORCED = (EventKind.LIQUIDATION, EventKind.BACKSTOP, EventKind.ADL_BANKRUPT)
INTS = ("path", "step", "unit", "kind", "leg")
PER_PATH = (
    "desk_equity",
    "first_negative",
    "trough",
    "peak",
    "final",
    "open_deficit",
    "closed_loss",
)
# Prices that were watched; empty where none were.
WATCHED = ("seen", "untouched")
MONEY = ("notional", "keeper", "backstop", "fund", "adl", "socialised", "fee")


@dataclass
class TapeWriter:
    """Collects events during a run; only the loop writes to it."""

    chunks: list[dict[str, np.ndarray]] = field(default_factory=list)

    def write(
        self, step: int, kind: EventKind, path: Ints, unit: Ints, **columns: np.ndarray
    ) -> None:
        """Append events of one kind; missing money columns are 0, a missing leg is -1."""
        count = path.size
        if count:
            when = np.full(count, step)
            what = np.full(count, int(kind))
            self.chunks.append({"path": path, "unit": unit, "step": when, "kind": what, **columns})

    def columns(self) -> dict[str, np.ndarray]:
        """All events as columns, in the order in which they were written."""
        if not self.chunks:
            kinds = {name: np.int64 if name in INTS else np.float64 for name in INTS + MONEY}
            return {name: np.empty(0, dtype=kind) for name, kind in kinds.items()}
        sizes = [chunk["path"].size for chunk in self.chunks]
        out: dict[str, np.ndarray] = {}
        for name in INTS + MONEY:
            parts = [
                chunk[name] if name in chunk else _missing(name, size)
                for chunk, size in zip(self.chunks, sizes, strict=True)
            ]
            kind = np.int64 if name in INTS else np.float64
            out[name] = (
                parts[0].astype(kind, copy=False)
                if len(parts) == 1
                else np.concatenate(parts, dtype=kind)
            )
        return out

    def by_path(self) -> dict[str, np.ndarray]:
        """The columns sorted by path, then time: chunks of paths join to the same tape."""
        columns = self.columns()
        path = columns["path"]
        if path.size < 2 or np.all(path[1:] >= path[:-1]):
            return columns
        order = np.argsort(path, kind="stable")
        return {name: column[order] for name, column in columns.items()}


def _missing(name: str, count: int) -> np.ndarray:
    """A column of events that say nothing of it."""
    return np.full(count, -1) if name in INTS else np.zeros(count)


def _unwatched() -> Floats:
    return np.zeros((0, 0, 0))


@dataclass(frozen=True)
class Tape:
    """A finished run of p paths.

    Events (e,), by path, then in the order in which they happened; money in quote, loss > 0: path
    (index within the run), step, unit, kind, leg (row, or rows + option, that had lost most; desk
    units only), notional closed; what each payer bore of that unit's loss: keeper (negative when it
    earns), backstop (negative when it gains), fund, adl, socialised; fee paid by the account.
    desk_equity (p, s + 1, d) quote, of the desk's units at every step
    first_negative (p, d) first step at which a desk unit's equity was below zero, else NEVER
    trough, peak (p, k) lowest and highest market price; final (p, k)
    open_deficit (p, v) debt beyond collateral still open at the end, quote
    closed_loss (p,) fall in equity, from start to end, of the accounts that were closed by force
    seen, untouched (p, n, w) prices noted on the way (cascade/watch.py): those that feeds show,
    and those of their assets that nobody's orders have moved
    """

    path: Ints
    step: Ints
    unit: Ints
    kind: Ints
    leg: Ints
    notional: Floats
    keeper: Floats
    backstop: Floats
    fund: Floats
    adl: Floats
    socialised: Floats
    fee: Floats
    paths: int
    desk_equity: Floats
    first_negative: Ints
    trough: Floats
    peak: Floats
    final: Floats
    open_deficit: Floats
    closed_loss: Floats
    seen: Floats = field(default_factory=_unwatched)
    untouched: Floats = field(default_factory=_unwatched)


def select(tape: Tape, first: int, last: int) -> Tape:
    """The tape of paths first to last - 1 alone, numbered from 0."""
    mine = (tape.path >= first) & (tape.path < last)
    columns = {name: getattr(tape, name)[mine] for name in (*INTS, *MONEY)}
    columns["path"] = columns["path"] - first
    for name in (*PER_PATH, *WATCHED):
        columns[name] = getattr(tape, name)[first:last]
    return Tape(paths=last - first, **columns)


def join(tapes: list[Tape]) -> Tape:
    """One tape of several chunks of paths, in order; path numbers run on. One alone is itself."""
    if len(tapes) == 1:
        return tapes[0]
    offsets = np.cumsum([0] + [tape.paths for tape in tapes])
    merged: dict[str, object] = {
        name: np.concatenate([getattr(tape, name) for tape in tapes])
        for name in (*INTS[1:], *MONEY, *PER_PATH, *WATCHED)
    }
    merged["path"] = np.concatenate(
        [tape.path + offset for tape, offset in zip(tapes, offsets[:-1], strict=True)]
    )
    return Tape(paths=int(offsets[-1]), **merged)  # type: ignore[arg-type]


def merged(one: Tape, other: Tape, path: Ints) -> Tape:
    """One tape of that of all paths and that of ``path`` (n,), of which the first knows nothing."""
    owner = np.concatenate([one.path, path[other.path]])
    order = np.argsort(owner, kind="stable")
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])[order]
        for name in (*INTS[1:], *MONEY)
    }
    for name in (*PER_PATH, *WATCHED):
        column = np.array(getattr(one, name))
        if column.size:
            column[path] = getattr(other, name)
        columns[name] = column
    return replace(one, path=owner[order], **columns)  # type: ignore[arg-type]
