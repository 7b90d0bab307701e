"""The same loss by the desk's own legs: Shapley values of what each adds to the path as it was.

A leg that is out was closed at the start at its margin price without cost, as in `--parts-by leg`
(docs/decisions/017); prices, failures and everybody else are as they were. A leg that gains has a
part below zero. With no leg in, what is left is cash, and what failures take of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.absent import Absence, watching
from seawall.exposure.explain.attribute import shares
from seawall.exposure.explain.rerun import PathOf, Reruns
from seawall.exposure.parts_by.game import game_by_leg
from seawall.foundation.errors import InputError


@dataclass(frozen=True)
class ByLeg:
    """Parts (n,) of the loss by leg, and what is left (``cash``) with none in."""

    names: tuple[str, ...]
    accounts: tuple[str, ...]
    parts: Floats
    cash: float
    orders: int


def by_leg(reruns: Reruns, path: PathOf, owner: str, came: frozenset[int]) -> ByLeg:
    """The split of one path; ``came``: failures that come on it."""
    whole = reruns.within(came)
    try:
        game = game_by_leg(whole, owner)
    except InputError:
        return ByLeg((), (), np.zeros(0), 0.0, 0)
    setup = watching(whole, whole.is_desk)
    nobody: list[float] = []

    def value(present: Bools) -> Floats:
        absent = Absence(game.unit, game.row, game.option, present)
        found = reruns.with_legs(setup, path, absent, present.shape[0])
        nobody.append(float(found[0, 0]))
        return found

    parts, walked, _ = shares(game.players, path, value)
    return ByLeg(game.names, game.accounts, parts[:, 0], nobody[0], walked)
