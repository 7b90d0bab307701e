"""A linear programme solved the slow way: dense two-phase simplex with Bland's rule.

Shares nothing with the solver that the project calls; small programmes only.
"""

from __future__ import annotations

import numpy as np

EPSILON = 1e-11


def minimum(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> float | None:
    """min c x with a x = b, x >= 0; None when nothing satisfies it."""
    a, b = a.astype(float).copy(), b.astype(float).copy()
    a[b < 0] *= -1.0
    b = np.abs(b)
    rows, columns = a.shape
    table = np.hstack([a, np.eye(rows), b[:, None]])
    basis = list(range(columns, columns + rows))
    first = np.concatenate([np.zeros(columns), np.ones(rows)])
    if _run(table, basis, first, columns + rows) > 1e-9 * (1.0 + b.max(initial=0.0)):
        return None
    for row, column in enumerate(basis):  # drive what is left of the first phase out
        if column >= columns:
            free = np.flatnonzero(np.abs(table[row, :columns]) > 1e-9)
            if free.size:
                _pivot(table, basis, row, int(free[0]))
    second = np.concatenate([c, np.full(rows, 0.0)])
    return _run(table, basis, second, columns)


def _run(table: np.ndarray, basis: list[int], cost: np.ndarray, allowed: int) -> float:
    while True:
        reduced = cost[:allowed] - cost[basis] @ table[:, :allowed]
        entering = np.flatnonzero(reduced < -EPSILON)
        if entering.size == 0:
            return float(cost[basis] @ table[:, -1])
        column = int(entering[0])
        positive = np.flatnonzero(table[:, column] > EPSILON)
        if positive.size == 0:
            raise ArithmeticError("unbounded")
        ratio = table[positive, -1] / table[positive, column]
        ties = positive[ratio <= ratio.min() + 1e-13]
        row = int(min(ties, key=lambda r: basis[r]))
        _pivot(table, basis, row, column)


def _pivot(table: np.ndarray, basis: list[int], row: int, column: int) -> None:
    table[row] /= table[row, column]
    for other in range(table.shape[0]):
        if other != row:
            table[other] -= table[other, column] * table[row]
    basis[row] = column
