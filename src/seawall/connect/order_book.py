"""Recorded order books: a venue's snapshot and its diffs, rebuilt and checked, or whole books.

One message per line, "local time in nanoseconds, space, JSON". Read are the books of

- Binance (perpetuals and spot): one snapshot (`lastUpdateId`, `bids`, `asks`) and `depthUpdate`
  diffs, applied by the venue's own rule: what ended before the snapshot is dropped, the first diff
  must span it, and each further one must begin where the one before ended (`pu`, or `U` - 1);
- Hyperliquid: `l2Book`, each a whole book.

Everything else (trades, best quotes) is passed over. A quantity of 0 removes a level. Refused, with
the line: a gap in the sequence, a crossed book, a message that cannot be read.

Source: the venues' documentation of their streams ("How to manage a local order book correctly").
Wrong beyond the snapshot's levels: what rests further out is known only where it has changed since,
so `Book` ends at the snapshot's outermost price on each side. Local clocks may run behind the
venue's (that of the recording of August 2024 does by 1.27 s); times here are the venue's.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Message = dict[str, Any]


@dataclass(frozen=True)
class Book:
    """One book: ``time`` of the venue, seconds; price and size (n,) of each side, best first.

    ``update`` number of the last diff in it, -1 where books come whole.
    """

    time: float
    update: int
    bid: Floats
    bid_size: Floats
    ask: Floats
    ask_size: Floats

    @property
    def mid(self) -> float:
        """Half way between the best prices."""
        return 0.5 * float(self.bid[0] + self.ask[0])


def read_books(file: Path, every_seconds: float = 1.0) -> list[Book]:
    """Books of a recording, the first of each stretch of ``every_seconds`` of the venue's time.

    Raises InputError naming the line for a gap, a crossed book and a file without books.
    """
    books: list[Book] = []
    due = -np.inf
    for book in rebuilt(file):
        if book.time >= due:
            now = book.read()
            if now.bid.size == 0 or now.ask.size == 0:
                break  # the price has left what the snapshot knew
            books.append(now)
            due = (np.floor(book.time / every_seconds) + 1.0) * every_seconds
    if not books:
        raise InputError(
            "no order book is in the recording",
            file=str(file),
            expected="a snapshot and depthUpdate messages, or l2Book messages",
        )
    return books


class Standing:
    """The book as it stands after one message; `read` copies it."""

    def __init__(self) -> None:
        self.time, self.update = 0.0, -1
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.lowest, self.highest = 0.0, np.inf

    def put(self, message: Message) -> None:
        """Change levels; a quantity of 0 removes one."""
        for side, levels in ((self.bids, message["b"]), (self.asks, message["a"])):
            for price, size in levels:
                if float(size) == 0.0:
                    side.pop(float(price), None)
                else:
                    side[float(price)] = float(size)

    def begin(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> None:
        """A whole book; what lies beyond it will not be known."""
        self.bids, self.asks = dict(bids), dict(asks)
        self.lowest, self.highest = min(self.bids), max(self.asks)

    def read(self) -> Book:
        """A copy as columns, as far as it is known."""
        bid = np.array(sorted((p for p in self.bids if p >= self.lowest), reverse=True))
        ask = np.array(sorted(p for p in self.asks if p <= self.highest))
        return Book(
            time=self.time,
            update=self.update,
            bid=bid,
            bid_size=np.array([self.bids[p] for p in bid]),
            ask=ask,
            ask_size=np.array([self.asks[p] for p in ask]),
        )


def rebuilt(file: Path) -> Iterator[Standing]:
    """The standing book after the snapshot and after each message that changes it."""
    messages = list(_messages(file))
    snapshot = next((m for _, m in messages if "lastUpdateId" in m), None)
    book = Standing()
    begun = False
    for line, message in messages:
        whole = message.get("channel") == "l2Book"
        if whole:
            sides = [[(float(o["px"]), float(o["sz"])) for o in s] for s in message["levels"]]
            book.begin(*sides)
            book.time = message["time"] / 1e3
        elif message.get("e") == "depthUpdate" and snapshot is not None:
            begun = _apply(book, message, snapshot, begun, file, line)
            if not begun:
                continue
        else:
            continue
        if not book.bids or not book.asks or max(book.bids) >= min(book.asks):
            raise InputError("the book is crossed or has an empty side", file=str(file), row=line)
        yield book


def _apply(
    book: Standing, message: Message, snapshot: Message, begun: bool, file: Path, line: int
) -> bool:
    """Apply a diff by the venue's rule of sequence; False while it is older than the snapshot."""
    last = snapshot["lastUpdateId"]
    futures = "pu" in message
    if not begun:
        if message["u"] < last + (0 if futures else 1):
            return False
        if message["U"] > last + (0 if futures else 1):
            raise _gap(last, message["U"], file, line)
        sides = [[(float(p), float(q)) for p, q in snapshot[side]] for side in ("bids", "asks")]
        book.begin(*sides)
    elif (message["pu"] if futures else message["U"] - 1) != book.update:
        raise _gap(book.update, message["U"], file, line)
    book.put(message)
    book.update, book.time = message["u"], message["E"] / 1e3
    return True


def _gap(last: int, first: int, file: Path, line: int) -> InputError:
    return InputError(
        f"updates are missing: the book ended at {last}, the next begins at {first}",
        file=str(file),
        row=line,
        expected="a recording without gaps, or the part of it after its last one",
    )


def _messages(file: Path) -> Iterator[tuple[int, Message]]:
    """Line number and content of each message, without the envelope of a stream."""
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open("r") as lines:
        for number, line in enumerate(lines, 1):
            try:
                message = json.loads(line.split(" ", 1)[1])
                inner = message.get("data", message)
                if isinstance(inner, dict):
                    channel = {"channel": message["channel"]} if "channel" in message else {}
                    yield number, {**inner, **channel}
            except (IndexError, ValueError, AttributeError) as error:
                raise InputError(
                    f"a line cannot be read: {error}",
                    file=str(file),
                    row=number,
                    expected="a time in nanoseconds, a space and a JSON object",
                ) from None
