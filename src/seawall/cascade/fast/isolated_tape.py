"""The tape of crowds of isolated positions: written round by round, its columns made when read.

The loop writes who was closed and for how much; path and step hold for a whole round, and who paid
is the same of every event but those at which the fund paid. Those columns are made, once, when
somebody first reads them: totals of paths need none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Floats, Ints
from seawall.cascade.tape import EventKind, Tape

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True)
class Log:
    """Events (e,) as the loop wrote them, in r rounds.

    round (r, 3) first event, path and step of each; unit, notional (e,); fee (e,), None where no
    venue charges any; cover (c,) events at which the fund paid, and what (c,); earned (v,) share of
    fees that keepers earn at each venue, None where they earn none; venue (u,) of each unit
    """

    round: Ints
    unit: Ints
    notional: Floats
    fee: Floats | None
    cover: Ints
    covered: Floats
    earned: Floats | None
    venue: Ints


def _in_rounds(log: Log, column: int) -> Ints:
    """What holds for whole rounds, by event."""
    ends = np.append(log.round[1:, 0], log.unit.size)
    return np.repeat(log.round[:, column], ends - log.round[:, 0])


def _kind(log: Log) -> Ints:
    if log.cover.size == 0:
        return _same(np.int64(EventKind.LIQUIDATION), log)
    out = np.full(log.unit.size, int(EventKind.LIQUIDATION))
    out[log.cover] = EventKind.COVER
    return out


def _fund(log: Log) -> Floats:
    if log.cover.size == 0:
        return _same(np.float64(0.0), log)
    out = np.zeros(log.unit.size)
    out[log.cover] = log.covered
    return out


def _keeper(log: Log) -> Floats:
    """What keepers bear of forced orders: they earn the liquidation part of fees."""
    if log.earned is None or log.fee is None:
        out = np.full(log.unit.size, -0.0)
    else:
        share = log.earned[log.venue[log.unit]]
        out = np.where(share > 0.0, -(log.fee * share), -0.0)
    out[log.cover] = 0.0
    return out


def _nothing(log: Log) -> Floats:
    return _same(np.float64(0.0), log)


def _same(value: Number, log: Log) -> NDArray[Number]:
    """A column of events that all say the same: one number in memory."""
    return np.broadcast_to(np.full(1, value), log.unit.size)


MAKERS: dict[str, Callable[[Log], Ints | Floats]] = {
    "path": lambda log: _in_rounds(log, 1),
    "step": lambda log: _in_rounds(log, 2),
    "unit": lambda log: log.unit,
    "kind": _kind,
    "leg": lambda log: _same(np.int64(-1), log),
    "notional": lambda log: log.notional,
    "keeper": _keeper,
    "backstop": _nothing,
    "fund": _fund,
    "adl": _nothing,
    "socialised": _nothing,
    "fee": lambda log: _nothing(log) if log.fee is None else log.fee,
}


class LoggedTape(Tape):
    """A tape whose columns of events are made from a log when they are first read."""

    def __getattr__(self, name: str) -> Ints | Floats:
        """A column that nobody has read yet; Python asks here for what is not there."""
        log = self.__dict__.get("log")
        if log is None or name not in MAKERS:
            raise AttributeError(f"A tape has no column {name}.")
        column = MAKERS[name](log)
        self.__dict__[name] = column
        return column


def logged(
    log: Log,
    *,
    desk_equity: Floats,
    first_negative: Ints,
    trough: Floats,
    peak: Floats,
    final: Floats,
    open_deficit: Floats,
    closed_loss: Floats,
    seen: Floats,
    untouched: Floats,
) -> Tape:
    """The tape of a log; the others are what a tape has of its paths."""
    tape = object.__new__(LoggedTape)
    tape.__dict__.update(
        log=log,
        paths=closed_loss.size,
        desk_equity=desk_equity,
        first_negative=first_negative,
        trough=trough,
        peak=peak,
        final=final,
        open_deficit=open_deficit,
        closed_loss=closed_loss,
        seen=seen,
        untouched=untouched,
    )
    return tape
