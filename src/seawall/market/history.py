"""Prices of the past, several assets side by side, with gaps left as gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PriceHistory:
    """Prices at times that need not be evenly spaced.

    time    (n,) seconds since 1970 UTC, rising
    assets  names of the columns
    price   (n, k) quote per unit, > 0; NaN where it is not known

    Raises InputError for shapes that do not fit, times that do not rise, prices not above 0.
    """

    time: Ints
    assets: tuple[str, ...]
    price: Floats

    def __post_init__(self) -> None:
        if self.price.shape != (self.time.size, len(self.assets)):
            raise InputError(
                f"prices of shape {self.price.shape} for {self.time.size} times and "
                f"{len(self.assets)} assets",
                expected="one row a time, one column an asset",
            )
        if not np.all(np.diff(self.time) > 0):
            row = int(np.argmin(np.diff(self.time) > 0)) + 1
            raise InputError(
                f"time {row + 1} of the history is not after time {row}",
                expected="times that rise",
            )
        if not np.all(np.isnan(self.price) | (np.isfinite(self.price) & (self.price > 0.0))):
            raise InputError("a price of the history is not above 0", expected="prices above 0")

    def __eq__(self, other: object) -> bool:
        """The same times, assets and prices; a gap equals a gap."""
        if not isinstance(other, PriceHistory):
            return NotImplemented
        same = self.assets == other.assets and np.array_equal(self.time, other.time)
        return same and np.array_equal(self.price, other.price, equal_nan=True)

    def __hash__(self) -> int:
        return hash((self.assets, self.time.tobytes(), self.price.tobytes()))

    @property
    def bar_seconds(self) -> int:
        """The commonest distance between times that follow each other, seconds; 0 below two."""
        if self.time.size < 2:
            return 0
        length, count = np.unique(np.diff(self.time), return_counts=True)
        return int(length[np.argmax(count)])
