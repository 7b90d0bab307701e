"""Which impact law a market follows, as a code and its constants: one call for all of them.

A law says two things about outstanding forced flow ``b``: the displacement of the price while it is
outstanding, and the mean price of the orders that walk from one flow to another, both as factors on
the exogenous price. The compiled twin of this file is law_kernel.py; a test holds the bits equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError
from seawall.impact import amm, book_walk, concentrated_amm, linear, square_root
from seawall.impact.amm import Amm
from seawall.impact.book_walk import BookWalk
from seawall.impact.concentrated_amm import ConcentratedAmm

Floats = NDArray[np.float64]

LINEAR, SQUARE_ROOT, BOOK_WALK, AMM, CONCENTRATED_AMM = range(5)
NAMES = ("linear", "square_root", "book_walk", "amm", "concentrated_amm")


@dataclass(frozen=True)
class ImpactLaw:
    """``code`` of the law (the constants of this file); ``constants`` (r, n) as the law lays them
    out, one zero for the laws that need none.
    """

    code: int
    constants: Floats


def named_law(name: str) -> ImpactLaw:
    """The law that ``scenario.impact`` names: linear or square_root."""
    if name not in NAMES[:2]:
        raise InputError(f"scenario.impact is {name!r}", expected="'linear' or 'square_root'")
    return ImpactLaw(NAMES.index(name), np.zeros((1, 1)))


def slot_law(rule: BookWalk | Amm | ConcentratedAmm) -> ImpactLaw:
    """The law that a market's slot ``impact`` holds."""
    code = {BookWalk: BOOK_WALK, Amm: AMM, ConcentratedAmm: CONCENTRATED_AMM}[type(rule)]
    return ImpactLaw(code, rule.columns())


def displacement(law: ImpactLaw, strength: ArrayLike, b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; shapes broadcast.

    ``strength`` of the square-root law, by asset; the others do not read it.
    """
    if law.code == LINEAR:
        return linear.displacement(b)
    if law.code == SQUARE_ROOT:
        rule = square_root.SquareRoot(np.asarray(strength, dtype=np.float64))
        return square_root.displacement(rule, b)
    if law.code == BOOK_WALK:
        return book_walk.displacement(law.constants, b)
    if law.code == AMM:
        return amm.displacement(b)
    return concentrated_amm.displacement(law.constants, b)


def average(law: ImpactLaw, strength: ArrayLike, b0: ArrayLike, b1: ArrayLike) -> Floats:
    """Factor on the exogenous price that orders pay which take the flow from ``b0`` to ``b1``."""
    if law.code == LINEAR:
        return linear.average(b0, b1)
    if law.code == SQUARE_ROOT:
        rule = square_root.SquareRoot(np.asarray(strength, dtype=np.float64))
        return square_root.average(rule, b0, b1)
    if law.code == BOOK_WALK:
        return book_walk.average(law.constants, b0, b1)
    if law.code == AMM:
        return amm.average(float(law.constants[0, 0]), b0, b1)
    return concentrated_amm.average(law.constants, b0, b1)
