"""How often the intervals of the mean of the worst 2.5% of losses hold the truth, by law of losses.

    python tests/intervals/cover_tails.py [--samples 2000]

Of one mean, and of the change to a second loss on the same paths (`exposure/since/tails.py`). The
truth is that of eight million paths. Printed: share held, median width of the change's interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.since.tails import level, moved, tails, with_interval, worst

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
TRUE_PATHS = 8_000_000


def exponential(rng: np.random.Generator, paths: int) -> Pair:
    """A tenth larger, and something of its own."""
    loss = rng.exponential(size=paths)
    return loss, 1.1 * loss + 0.3 * rng.exponential(size=paths)


def student(rng: np.random.Generator, paths: int) -> Pair:
    """Three degrees of freedom, four fifths of it kept."""
    loss = rng.standard_t(3, size=paths)
    return loss, 0.8 * loss + 0.5 * rng.standard_t(3, size=paths)


def few_impaired(rng: np.random.Generator, paths: int) -> Pair:
    """2% of paths lose much; by the change 1% more."""
    first, second = ((rng.random(paths) < share) * rng.exponential(size=paths) for share in SHARES)
    loss = 0.1 * rng.normal(size=paths) + 3.0 * first
    return loss, loss + 3.0 * second


SHARES = (0.02, 0.01)


def cut(rng: np.random.Generator, paths: int) -> Pair:
    """Losses beyond 2 are halved there."""
    loss = rng.exponential(size=paths)
    return loss, np.where(loss > 2.0, 1.0 + 0.5 * loss, loss) + 0.05 * rng.normal(size=paths)


LAWS: dict[str, Callable[[np.random.Generator, int], Pair]] = {
    "exponential": exponential,
    "student": student,
    "few impaired": few_impaired,
    "tail cut": cut,
}


def main() -> None:
    """Print a row for each law and number of paths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2_000)
    samples = parser.parse_args().samples
    for name, law in LAWS.items():
        rng = np.random.default_rng(3)
        true = [worst(loss) for loss in law(rng, TRUE_PATHS)]
        for paths in (100, 200, 400):
            held, widths = np.zeros(2), []
            for _ in range(samples):
                first, second = law(rng, paths)
                before, after = tails(first), tails(second)
                low, high = level(before)
                ends = with_interval(after - before, moved(second - first, before, after))
                changed = ends["tail_low"] <= true[1] - true[0] <= ends["tail_high"]
                held += (low <= true[0] <= high, changed)
                widths.append(ends["tail_high"] - ends["tail_low"])
            one, change = held / samples
            print(f"{name:13}{paths:4} paths: mean {one:.1%}, change {change:.1%}, ", end="")
            print(f"width {np.median(widths):.3g}")


if __name__ == "__main__":
    main()
