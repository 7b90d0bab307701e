"""Random numbers of a run's mechanisms: by seed, stream, path and step, never by order of use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.random import Stream, uniforms, uniforms_at


@dataclass(frozen=True)
class Draws:
    """The seed of a run and the number (p,) of each of its paths.

    ``hurry`` (p,): failures of constant hazard come so many times as often (`cascade.hurry`).
    """

    seed: int
    paths: Ints
    hurry: Floats | None = None

    def only(self, path: Ints) -> Draws:
        """Those of chosen paths (n,), by index in the run."""
        hurry = None if self.hurry is None else self.hurry[path]
        return Draws(self.seed, self.paths[path], hurry)

    def uniforms(self, stream: Stream, steps: int, count: int) -> Floats:
        """Numbers in (0, 1), (p, s + 1, count); step 0 is the start, so row t serves step t."""
        if count == 0:
            return np.zeros((self.paths.size, steps + 1, 0))
        return uniforms(self.seed, stream, self.paths, np.arange(steps + 1), count)

    def at(self, stream: Stream, path: Ints, step: int, element: Ints) -> Floats:
        """The numbers (n,) of :meth:`uniforms` at chosen paths (index in the run) and elements."""
        return uniforms_at(self.seed, stream, self.paths[path], step, element)


def first_paths(paths: int) -> Draws:
    """Draws of seed 0 for paths 0, 1, 2, ...: what a run is given that was told no seed."""
    return Draws(0, np.arange(paths, dtype=np.int64))
