"""Which paths are explained: the worst, the bad tail's, the typical impaired one, or by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.exposure.impairment import Impairment
from seawall.foundation.errors import InputError

# Impaired paths that "impaired" takes at most, evenly spread by their loss.
MOST_IMPAIRED = 20
TAIL = 0.975
WORDS = ("worst", "tail", "typical", "impaired")


@dataclass(frozen=True)
class Chosen:
    """A path and why it was chosen: words of WORDS, or "asked for"."""

    number: int
    reasons: tuple[str, ...]


def choose_paths(found: Impairment, step: int, wanted: Sequence[str]) -> list[Chosen]:
    """The paths that ``wanted`` names, each once, in this order.

    worst: the largest loss by the step; tail: the loss that 97.5% of paths stay below; typical:
    the median loss among impaired paths; impaired: up to 20 impaired paths, evenly spread by
    loss; a number: that path. Words about impaired paths choose none where there is none.
    Raises InputError for another word, or a number that is no path of the run.
    """
    loss = found.loss_by(step)
    ranked = np.argsort(loss, kind="stable")
    impaired = ranked[found.step[ranked] <= step]
    reasons: dict[int, list[str]] = {}
    for word in wanted:
        for number in _named(word, ranked, impaired):
            reasons.setdefault(int(number), []).append(word if word in WORDS else "asked for")
    return [Chosen(number, tuple(dict.fromkeys(why))) for number, why in reasons.items()]


def _named(word: str, ranked: np.ndarray, impaired: np.ndarray) -> Sequence[int]:
    if word == "worst":
        return [int(ranked[-1])]
    if word == "tail":
        return [int(ranked[max(0, int(np.ceil(TAIL * ranked.size)) - 1)])]
    if word == "typical":
        return [int(impaired[(impaired.size - 1) // 2])] if impaired.size else []
    if word == "impaired":
        count = min(MOST_IMPAIRED, impaired.size)
        places = np.linspace(impaired.size - 1, 0, count).round().astype(int)
        return [int(number) for number in impaired[places]]
    if not word.isdecimal():
        raise InputError(
            f"{word!r} names no path", file="--paths", expected=f"{', '.join(WORDS)} or a number"
        )
    if int(word) >= ranked.size:
        raise InputError(
            f"there is no path {word}",
            file="--paths",
            expected=f"a number from 0 to {ranked.size - 1} (--simulated sets how many there are)",
        )
    return [int(word)]
