"""Recorded books: rebuilt by the venue's rule, refused where updates are missing, walked."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.connect.book_study import compare, study_book, within
from seawall.connect.order_book import Book, read_books, rebuilt
from seawall.foundation.errors import InputError

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
PERPETUAL = DATA / "orderbook" / "usdm_btcusdt_20240808.gz"
SPOT = DATA / "orderbook" / "spot_btcusdt_20240808.gz"
HYPERLIQUID = DATA / "orderbook" / "hyperliquid_btcusd_20250126.gz"
SNAPSHOT = {
    "lastUpdateId": 100,
    "bids": [["99.0", "1.0"], ["98.0", "2.0"], ["97.0", "3.0"]],
    "asks": [["101.0", "1.5"], ["102.0", "2.5"]],
}


def diff(first: int, last: int, before: int | None, **levels: Any) -> dict[str, Any]:
    """A depthUpdate of updates first to last; ``before`` only in the perpetuals' stream."""
    data = {"e": "depthUpdate", "E": last * 1000, "U": first, "u": last, "b": [], "a": [], **levels}
    return {"stream": "x", "data": data if before is None else {**data, "pu": before}}


def write(folder: Path, *messages: dict[str, Any], name: str = "book.gz") -> Path:
    file = folder / name
    text = "".join(f"{n} {json.dumps(m)}\n" for n, m in enumerate(messages, 1))
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text)
    return file


def test_a_perpetuals_book_by_hand(tmp_path: Path) -> None:
    # 90-95 is older than the snapshot, 96-101 spans it, 102-103 follows.
    file = write(
        tmp_path,
        diff(90, 95, 89, b=[["99.0", "9.0"]]),
        {"stream": "x", "data": {"e": "trade", "p": "1"}},
        SNAPSHOT,
        diff(96, 101, 95, b=[["98.0", "0.0"], ["98.5", "4.0"]]),
        diff(102, 103, 101, a=[["101.0", "0.5"]], b=[["96.0", "7.0"]]),
    )
    first, second = read_books(file, 1.0)
    assert first.time == 101.0
    assert first.update == 101
    np.testing.assert_array_equal(first.bid, [99.0, 98.5, 97.0])
    np.testing.assert_array_equal(first.bid_size, [1.0, 4.0, 3.0])
    # 96.0 lies beyond the snapshot: what else rests there is not known.
    np.testing.assert_array_equal(second.bid, [99.0, 98.5, 97.0])
    np.testing.assert_array_equal(second.ask_size, [0.5, 2.5])
    assert second.mid == 100.0


def test_a_spot_book_follows_its_own_rule(tmp_path: Path) -> None:
    # Spot: the first diff must hold 101, and each begins one after the last.
    good = [SNAPSHOT, diff(98, 101, None), diff(102, 102, None, a=[["101.0", "0"]])]
    books = read_books(write(tmp_path, *good, name="book.txt"), 0.5)
    assert books[-1].ask[0] == 102.0
    with pytest.raises(InputError, match=r"row 3: updates are missing.*ended at 101.* at 103"):
        read_books(write(tmp_path, SNAPSHOT, diff(98, 101, None), diff(103, 104, None)))


def test_gaps_crossed_books_and_rubbish_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 3: updates are missing"):
        read_books(write(tmp_path, SNAPSHOT, diff(96, 101, 95), diff(104, 105, 103)))
    with pytest.raises(InputError, match=r"row 2: updates are missing.*100.* at 105"):
        read_books(write(tmp_path, SNAPSHOT, diff(105, 106, 104)))
    with pytest.raises(InputError, match=r"row 2: the book is crossed"):
        read_books(write(tmp_path, SNAPSHOT, diff(96, 101, 95, b=[["101.5", "1"]])))
    with pytest.raises(InputError, match="no order book"):
        read_books(write(tmp_path, diff(96, 101, 95)))
    broken = tmp_path / "broken.txt"
    broken.write_text("1 {]\n")
    with pytest.raises(InputError, match=r"row 1: a line cannot be read"):
        read_books(broken)


def test_whole_books_need_no_sequence(tmp_path: Path) -> None:
    def book(time: int, best: str) -> dict[str, Any]:
        levels = [[{"px": best, "sz": "2", "n": 1}], [{"px": "101", "sz": "3", "n": 1}]]
        return {"channel": "l2Book", "data": {"coin": "BTC", "time": time, "levels": levels}}

    books = read_books(write(tmp_path, book(1000, "99"), book(1500, "98"), book(2200, "97")), 1.0)
    assert [b.time for b in books] == [1.0, 2.2]
    assert [float(b.bid[0]) for b in books] == [99.0, 97.0]


def steady(seconds: int = 40, seed: int = 1, drift: float = 0.0) -> list[Book]:
    """Made-up books whose depth is noise around a fixed shape, or grows by ``drift`` a second."""
    rng = np.random.default_rng(seed)
    out = []
    for second in range(seconds):
        scale = 1.0 + drift * second
        size = rng.gamma(2.0, 0.5, (2, 200)) * np.linspace(0.5, 2.0, 200) * scale
        away = 0.5 + np.arange(200)
        out.append(Book(float(second), second, 1e4 - away, size[0], 1e4 + away, size[1]))
    return out


def test_a_steady_book_is_foreseen_and_a_thickening_one_is_overrated() -> None:
    sizes = np.array([1e5, 3e5, 1e6])
    calm = compare(steady(), sizes, 20.0, 10.0)
    assert calm["windows"] == 2
    errors = calm["errors"]["book_walk"]["both"]
    assert within(errors, sizes.tolist()) == sizes.tolist()
    assert all(abs(one["error"]) < 0.05 for one in errors)
    growing = compare(steady(drift=0.05), sizes, 20.0, 10.0)["errors"]["book_walk"]["both"]
    # Fitted around second 10 and 20, walked around 25 and 35: depth is 2.25 / 1.5 and 2.75 / 2 of
    # what it was; costs by distance rise about as the square root of size over depth here.
    assert all(0.1 < one["error"] < 0.6 for one in growing)
    assert within(growing, sizes.tolist()) == []


def test_a_size_that_no_book_holds_is_left_out_and_a_short_record_refused() -> None:
    found = compare(steady(), np.array([1e5, 1e9]), 20.0, 10.0)
    assert found["errors"]["book_walk"]["both"][1] is None
    assert found["walked"]["sales"][1] is None
    with pytest.raises(InputError, match="lasts 39 s"):
        compare(steady(), np.array([1e5]), 60.0, 30.0)


@pytest.mark.realdata
@pytest.mark.slow
def test_the_rebuilt_book_has_the_best_quotes_that_the_venue_sent() -> None:
    """Another stream of the same venue: after the same update its best prices are the book's."""
    if not PERPETUAL.is_file():
        pytest.skip(f"{PERPETUAL.name} is not in {DATA}")
    best = {}
    with gzip.open(PERPETUAL, "rt") as lines:
        for line in lines:
            data = json.loads(line.split(" ", 1)[1]).get("data", {})
            if data.get("e") == "bookTicker":
                best[data["u"]] = tuple(float(data[key]) for key in ("b", "B", "a", "A"))
    same = compared = 0
    for standing in rebuilt(PERPETUAL):
        if standing.update in best:
            bid, ask = max(standing.bids), min(standing.asks)
            mine = (bid, standing.bids[bid], ask, standing.asks[ask])
            compared += 1
            same += mine == best[standing.update]
    assert compared > 300, compared
    assert same == compared


@pytest.mark.realdata
@pytest.mark.slow
def test_exits_in_the_recorded_perpetuals_book_within_a_tenth() -> None:
    """Book walk, both sides together, 300,000 to 10 million; one number for all will not do."""
    if not PERPETUAL.is_file():
        pytest.skip(f"{PERPETUAL.name} is not in {DATA}")
    found = study_book(PERPETUAL, every_seconds=1.0)
    sizes = found["sizes"]
    assert set(within(found["errors"]["book_walk"]["both"], sizes)) >= {
        s for s in sizes if s >= 3e5
    }
    assert len(within(found["errors"]["linear"]["both"], sizes)) < 5


@pytest.mark.realdata
def test_the_recorded_hyperliquid_books_are_read() -> None:
    if not HYPERLIQUID.is_file():
        pytest.skip(f"{HYPERLIQUID.name} is not in {DATA}")
    books = read_books(HYPERLIQUID, 0.1)
    assert len(books) > 40
    assert all(book.bid.size == book.ask.size == 20 for book in books)
    assert float(books[0].bid[0]) == 105_055.0
