"""Correlation of assets: the matrix's factor, and normals made correlated in a fixed order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.market import Market

Floats = NDArray[np.float64]


def correlation_factor(market: Market, assets: tuple[str, ...]) -> Floats:
    """Matrix L (k, k) with L L' = correlation of log-returns; lower triangular where possible.

    A matrix that is only semidefinite (two assets with correlation 1) is factored by eigenvectors.
    Raises InputError when a pair is given twice with two values, lies outside -1 to 1, or when the
    pairs together cannot be correlations.
    """
    matrix = np.eye(len(assets))
    place = {name: i for i, name in enumerate(assets)}
    for (one, other), value in market.correlation.items():
        if one not in place or other not in place or one == other:
            continue
        if not -1.0 <= value <= 1.0:
            raise InputError(
                f"the correlation of {one} and {other} is {value}", expected="a number from -1 to 1"
            )
        if market.correlation.get((other, one), value) != value:
            raise InputError(
                f"the correlation of {one} and {other} is given twice, with two values",
                expected="one value for the pair",
            )
        matrix[place[one], place[other]] = matrix[place[other], place[one]] = value
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-9:
        raise InputError(
            f"the correlations of {', '.join(assets)} contradict one another "
            f"(smallest eigenvalue {values[0]:.3g})",
            expected="a positive semidefinite matrix",
        )
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


def correlate(normal: Floats, factor: Floats) -> Floats:
    """Rows of ``normal`` (p, t, k) times the factor, added left to right.

    Written out instead of a matrix product: a library's product may add in an order that depends
    on how many rows it is given, and a path must not depend on its company.
    """
    moves = np.empty_like(normal)
    term = np.empty(normal.shape[:2])
    for i in range(factor.shape[0]):
        total = normal[:, :, 0] * factor[i, 0]
        for j in range(1, factor.shape[1]):
            if factor[i, j] != 0.0:
                np.multiply(normal[:, :, j], factor[i, j], out=term)
                total += term
        moves[:, :, i] = total
    return moves
