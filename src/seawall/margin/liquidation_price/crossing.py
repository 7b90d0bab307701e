"""The price between two others at which a buffer is 0, a few prices looked at in each turn.

An account's margin in three markets costs little more than in one, so each turn asks for three
factors: where the polynomial through the inverse of what is known says the buffer is 0 (Neville's
scheme), and one to either side as far away as the last two polynomials differ. Where that does not
narrow the bracket eightfold, as beside a jump, the next turn looks further to either side, and the
one after that cuts the bracket into quarters. A search is a generator: it yields the factors that
it wants looked at and is sent the buffers there, so that several searches share one evaluation
(`together`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seawall.book.book import Floats

# Relative accuracy of a price found.
ACCURACY = 1e-12
# Known points that a polynomial goes through.
MOST_POINTS = 4
# What a turn may leave of the bracket without having missed, and how much further the next looks.
NARROWED = 0.125
FURTHER = 16.0

Buffer = Callable[[Floats], Floats]
Search = Generator[Floats, Floats, float | None]


@dataclass(frozen=True)
class Known:
    """A factor and the account's buffer there."""

    factor: float
    buffer: float


def together(buffer: Buffer, searches: Sequence[Search]) -> list[float | None]:
    """What each search finds; the factors that they ask for in a turn are looked at in one go."""
    found: list[float | None] = [None] * len(searches)
    asked: dict[int, Floats] = {}

    def follow(n: int, answer: Floats | None) -> None:
        try:
            asked[n] = next(searches[n]) if answer is None else searches[n].send(answer)
        except StopIteration as done:
            asked.pop(n, None)
            found[n] = done.value

    for n in range(len(searches)):
        follow(n, None)
    while asked:
        turn = dict(asked)
        answers = buffer(np.concatenate(list(turn.values())))
        start = 0
        for n, factors in turn.items():
            follow(n, answers[start : start + factors.size])
            start += factors.size
    return found


def crossing(buffer: Buffer, safe: Known, failed: Known) -> float:
    """The factor at which the buffer is 0 between ``safe``, where it holds, and ``failed``."""
    found = together(buffer, [narrowed((safe, failed))])[0]
    assert found is not None  # between a price that holds and one that fails there is one
    return found


def narrowed(known: Sequence[Known]) -> Search:
    """Search for the factor at which the buffer is first below 0 among ``known``.

    They are in order outwards; the first does not fail, and one of the others does.
    """
    points = list(known)
    last, misses = float("inf"), 0
    while True:
        n = next(at for at, point in enumerate(points) if point.buffer < 0.0)
        safe, failed = points[n - 1], points[n]
        if safe.buffer <= 0.0:  # exactly at maintenance: not yet below, but any step is
            return safe.factor
        width = failed.factor - safe.factor
        accuracy = ACCURACY * failed.factor
        if abs(width) <= accuracy:
            return min((safe, failed), key=lambda point: abs(point.buffer)).factor
        misses = 0 if abs(width) <= NARROWED * last else misses + 1
        last = abs(width)
        if misses % 3 == 2:
            asked = safe.factor + width * np.array([0.25, 0.5, 0.75])
        else:
            least, wider = 0.4 * accuracy, FURTHER**misses
            asked = _beside_root(points[max(0, n - 2) : n + 2], safe, failed, least, wider)
        answers = yield asked
        found = zip(asked.tolist(), answers.tolist(), strict=True)
        points[n:n] = [Known(factor, value) for factor, value in found]


def _beside_root(
    near: Sequence[Known], safe: Known, failed: Known, least: float, wider: float
) -> Floats:
    """Three factors from ``safe`` to ``failed`` around the 0 of the inverse polynomial.

    near   points that it goes through, where their buffers fall all the way
    least  how far to either side at least; ``wider`` times that, or times what is in doubt
    """
    buffers = [point.buffer for point in near]
    falls = all(one > other for one, other in pairwise(buffers))
    guess, doubt = _root(near if falls else (safe, failed))
    width = failed.factor - safe.factor
    inside = (guess - safe.factor) / width
    inside = inside if 0.0 <= inside <= 1.0 else 0.5
    reach = min(max(doubt, least) * wider / abs(width), 0.25)
    # Strictly between the two, whatever the polynomial says.
    inside = min(max(inside, 1.25 * reach), 1.0 - 1.25 * reach)
    asked: Floats = safe.factor + width * np.array([inside - reach, inside, inside + reach])
    return asked


def _root(points: Sequence[Known]) -> tuple[float, float]:
    """Where the polynomial of factor over buffer is at 0, and by how much its last step moved it.

    The nearest to 0 come first; two points leave a quarter of what is between them in doubt.
    """
    nearest = sorted(points, key=lambda point: abs(point.buffer))
    row = [point.factor for point in nearest]
    at = [point.buffer for point in nearest]
    doubt = 0.25 * abs(row[1] - row[0])
    for order in range(1, len(row)):
        before = row[0]
        row = [
            (at[n] * row[n + 1] - at[n + order] * row[n]) / (at[n] - at[n + order])
            for n in range(len(row) - 1)
        ]
        if order > 1:
            doubt = abs(row[0] - before)
    return row[0], doubt
