"""Questions that a loop may ask and random Cases seldom do: nobody has equity, all are alike.

Only for slots that answer a question; those that act in every step have a history, which only a
run gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random import Generator

from seawall.book.book import Floats
from seawall.cascade.own.closing import own_bonus, own_fraction, own_shares, own_taken
from seawall.cascade.own.code import Own, OwnMechanismError, own_rule
from seawall.foundation.errors import InputError
from seawall.foundation.section import Section
from seawall.mechanism.fuzz.hold import Breach, Refused
from seawall.mechanism.fuzz.trial import Subject
from seawall.waterfall.winners import Need, Winners


def probe(subject: Subject, values: Mapping[str, Any], rng: Generator) -> Breach | None:
    """What goes wrong when the step is asked directly; None where nothing does."""
    if subject.slot not in _QUESTIONS:
        return None
    try:
        own = own_rule(subject.slot, subject.file, Section(dict(values), subject.file.name))
    except InputError as error:
        raise Refused(str(error)) from error
    try:
        _QUESTIONS[subject.slot](own, rng)
    except OwnMechanismError as error:
        return Breach(error.law, f"{error} Asked directly, with values such as a loop may have.")
    return None


def _amounts(rng: Generator, count: int) -> Floats:
    """Amounts of money >= 0: some zero, some alike, over nine decades."""
    out = 10.0 ** rng.uniform(-3.0, 6.0, count)
    way = int(rng.integers(4))
    if way == 0:
        out[:] = 0.0
    elif way == 1:
        out[:] = out[0]
    elif way == 2:
        out[rng.random(count) < 0.5] = 0.0
    return out


def _adl(own: Own, rng: Generator) -> None:
    count = int(rng.integers(1, 6))
    side = float(rng.choice([-1.0, 1.0]))
    size = 10.0 ** rng.uniform(-6.0, 4.0, count)
    mark, entry = 10.0 ** rng.uniform(-3.0, 5.0), 10.0 ** rng.uniform(-3.0, 5.0, count)
    equity = _amounts(rng, count) * rng.choice([-1.0, 1.0, 1.0], count)
    winners = Winners(
        size=side * size,
        available=np.where(equity > 0, size, 0.0),
        mark=np.full(count, mark),
        entry=entry,
        value=size * mark,
        cost=size * entry,
        profit=side * size * (mark - entry),
        equity=equity,
        maintenance=_amounts(rng, count),
        own_maintenance=np.zeros(count),
        exposure=size * mark,
    )
    needed = float(size.sum() * 10.0 ** rng.uniform(-3.0, 1.0))
    own_taken(own, winners, Need(needed, float(_amounts(rng, 1)[0])))


def _socialise(own: Own, rng: Generator) -> None:
    count = int(rng.integers(1, 6))
    equity = _amounts(rng, count) * rng.choice([-1.0, 1.0, 1.0], count)
    own_shares(own, float(10.0 ** rng.uniform(-3.0, 6.0)), equity, _amounts(rng, count))


def _sizing(own: Own, rng: Generator) -> None:
    count = int(rng.integers(1, 6))
    maintenance = _amounts(rng, count)
    # Breached: equity below maintenance, and perhaps below zero.
    equity = maintenance * rng.uniform(0.0, 1.0, count) - _amounts(rng, count) - 1e-9
    own_fraction(own, equity, maintenance, _amounts(rng, count), rng.integers(0, 30, count))


def _auction(own: Own, rng: Generator) -> None:
    count = int(rng.integers(1, 6))
    waited = np.floor(rng.uniform(0.0, 100.0, count)) * float(rng.choice([0.0, 1.0, 60.0]))
    own_bonus(own, waited, rng.uniform(0.0, 0.2, count))


_QUESTIONS = {"adl": _adl, "socialise": _socialise, "sizing": _sizing, "auction": _auction}
