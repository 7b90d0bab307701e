"""How well impact laws foresee what exits cost in a recorded book: fitted on earlier books, held
against walks through later ones.

The recording is cut into windows: laws are fitted to the mean cost, by size, of the books of
``fit_seconds`` and compared with the mean cost of walking those of the next ``test_seconds``, both
sides of the book together and each alone; then the windows move on by ``test_seconds``. The error
of a size is the cost foreseen over that walked, less one, all windows together; ``low`` and
``high`` are the smallest and largest of single windows. Only books count that hold the size within
what is known of them (`order_book`), the same books for all sizes where laws are fitted.

Wrong as a test of exits in a storm: the record is of calm minutes, and nobody walked it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.connect.order_book import Book, read_books
from seawall.foundation.errors import InputError
from seawall.impact.recorded import law_costs, walk_cost

Floats = NDArray[np.float64]

LAWS = ("book_walk", "linear", "square_root")
SIDES = ("both", "sales", "purchases")
SIZES = (1e4, 3e4, 1e5, 3e5, 1e6, 2e6, 3e6, 5e6, 1e7)
# Sizes between two asked ones at which the ladder has levels.
BETWEEN = 3
TOLERANCE = 0.10
# Share of the books of a window that must hold a size, or the size is left out of it.
ENOUGH = 0.9


def study_book(
    file: Path,
    *,
    sizes: Sequence[float] = SIZES,
    fit_seconds: float = 60.0,
    test_seconds: float = 30.0,
    every_seconds: float = 0.25,
) -> dict[str, Any]:
    """Errors by law, side and size, quote. Raises InputError for a recording that is too short."""
    books = read_books(file, every_seconds)
    return compare(books, np.array(sizes), fit_seconds, test_seconds)


def compare(
    books: Sequence[Book], sizes: Floats, fit_seconds: float, test_seconds: float
) -> dict[str, Any]:
    """The same for books in order of time."""
    grid = _grid(sizes)
    time = np.array([book.time for book in books])
    mids = np.array([book.mid for book in books])
    walked = {
        "sales": np.stack([walk_cost(b.bid, b.bid_size, b.mid, grid) for b in books]),
        "purchases": np.stack([walk_cost(b.ask, b.ask_size, b.mid, grid) for b in books]),
    }
    windows = _windows(time, fit_seconds, test_seconds)
    if not windows:
        raise InputError(
            f"the recording lasts {time[-1] - time[0]:.0f} s",
            expected=f"more than {fit_seconds + test_seconds:g} s, or a smaller "
            "--fit-seconds and --test-seconds",
        )
    return {
        "books": len(books),
        "seconds": float(time[-1] - time[0]),
        "mid": float(mids.mean()),
        "fit_seconds": fit_seconds,
        "test_seconds": test_seconds,
        "windows": len(windows),
        "sizes": sizes.tolist(),
        "walked": {side: _walked(walked, side, windows, grid, sizes) for side in SIDES},
        "errors": {
            name: {side: _errors(name, walked, side, windows, grid, sizes) for side in SIDES}
            for name in LAWS
        },
    }


def within(errors: Sequence[dict[str, float] | None], sizes: Sequence[float]) -> list[float]:
    """The sizes whose error is known and at most `TOLERANCE`."""
    return [
        size
        for size, error in zip(sizes, errors, strict=True)
        if error is not None and abs(error["error"]) <= TOLERANCE
    ]


def _grid(sizes: Floats) -> Floats:
    """The sizes and, evenly in logarithms, some between them."""
    parts = [np.geomspace(a, b, BETWEEN + 2)[:-1] for a, b in pairwise(sizes)]
    return np.concatenate([*parts, sizes[-1:]])


def _windows(time: Floats, fit: float, test: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices of the books of each pair of stretches; the last one may be cut short by half."""
    out = []
    start = time[0]
    while start + fit + 0.5 * test <= time[-1]:
        first = np.flatnonzero((time >= start) & (time < start + fit))
        then = np.flatnonzero((time >= start + fit) & (time < start + fit + test))
        if first.size and then.size:
            out.append((first, then))
        start += test
    return out


Walks = dict[str, Floats]
Windows = list[tuple[np.ndarray, np.ndarray]]


def _costs(walked: Walks, side: str, rows: np.ndarray) -> Floats:
    """Costs (b, q) of the books of a stretch, of one side or of both below each other."""
    sides = [side] if side != "both" else ["sales", "purchases"]
    costs: Floats = np.concatenate([walked[one][rows] for one in sides])
    return costs


def _held(costs: Floats) -> int:
    """How many of the rising sizes enough of the books hold."""
    share = np.mean(np.isfinite(costs), axis=0)
    return int(np.count_nonzero(share >= ENOUGH))


def _mean(costs: Floats, count: int) -> Floats:
    """Mean cost (count,) of the books that hold all of the first ``count`` sizes."""
    whole = np.isfinite(costs[:, count - 1])
    mean: Floats = costs[whole, :count].mean(axis=0)
    return mean


def _walked(
    walked: Walks, side: str, windows: Windows, grid: Floats, sizes: Floats
) -> list[float | None]:
    """Mean cost of each size over the books that are walked, a fraction; None: not held."""
    pairs = _pairs("book_walk", walked, side, windows, grid, sizes)
    return [float(np.mean([w for _, w in pair])) if pair else None for pair in pairs]


def _errors(
    name: str, walked: Walks, side: str, windows: Windows, grid: Floats, sizes: Floats
) -> list[dict[str, float] | None]:
    """The error of each size, and the smallest and largest of single windows."""
    out: list[dict[str, float] | None] = []
    for pair in _pairs(name, walked, side, windows, grid, sizes):
        if not pair:
            out.append(None)
            continue
        foreseen, paid = np.array(pair).T
        single = foreseen / paid - 1.0
        error = float(foreseen.sum() / paid.sum() - 1.0)
        out.append(
            {"error": error, "low": float(single.min()), "high": float(single.max())}
            | {"windows": float(single.size)}
        )
    return out


def _pairs(
    name: str, walked: Walks, side: str, windows: Windows, grid: Floats, sizes: Floats
) -> list[list[tuple[float, float]]]:
    """(cost foreseen, cost walked) of each window that holds the size, by size."""
    out: list[list[tuple[float, float]]] = [[] for _ in sizes]
    for first, then in windows:
        before, after = _costs(walked, side, first), _costs(walked, side, then)
        count = min(_held(before), _held(after))
        if count == 0:
            continue
        asked = sizes[sizes <= grid[count - 1] * (1.0 + 1e-9)]
        foreseen = law_costs(name, grid[:count], _mean(before, count), asked)
        paid = np.interp(asked, grid[:count], _mean(after, count))
        for n, pair in enumerate(zip(foreseen.tolist(), paid.tolist(), strict=True)):
            out[n].append(pair)
    return out
