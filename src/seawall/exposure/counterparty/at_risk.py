"""Who was at risk, when and with how much: a list, and its exposure by month and kind.

A list has one row per entity and stretch of time: entity, kind, start, end (empty: still there),
value_locked (USD; empty: unknown). An entity may have several rows with different values. The
exposure of a kind in a month is

    E = sum over entities of (share of the month at risk) / 12 x weight,
    weight = (value locked / typical value of its kind)^size x exp(-age_years x fading)

in entity-years of a typical entity; without value locked, and for size = fading = 0, the weight
is 1.

The assumed list, used where none is given, follows a stated law and no data (every number below is
an assumption of Seawall): a kind has ``count`` entities at the beginning of 2022 and grows at
``growth`` a year then, a rate that halves every year,

    N(t) = count x exp(growth / ln 2 x (1 - 2^-t)),    t years since 2022-01-01

Source: the law is Gompertz's (1825). Wrong when: entities die (the assumed ones never do), small
ones come and go below the threshold of the incident file, or one hack empties several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.incidents import day_number, table_rows
from seawall.exposure.counterparty.kinds import KINDS, Kind
from seawall.exposure.counterparty.months import DAYS_PER_YEAR, day_text, first_day
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("entity", "kind", "start", "end", "value_locked")
STILL = 10**6  # a day beyond any run
ASSUMED_SINCE = 18_993  # 2022-01-01


@dataclass(frozen=True)
class Growth:
    """count entities at 2022-01-01, growing by ``growth`` a year then."""

    count: float
    growth: float


# Assumptions, not counts: the ratio between kinds and their growth is all that a fit takes from it.
ASSUMED: Mapping[Kind, Growth] = {
    Kind.VENUE: Growth(250.0, 0.05),
    Kind.BRIDGE: Growth(60.0, 0.25),
    Kind.STABLECOIN: Growth(80.0, 0.25),
    Kind.CONTRACT: Growth(1200.0, 0.25),
    Kind.ORACLE: Growth(400.0, 0.25),
}


@dataclass(frozen=True)
class AtRisk:
    """m rows of a list: entity, kind (m,) index into KINDS, start and end (m,) days, value (m,).

    value: USD locked, not a number where unknown. assumed: no list was given.
    """

    entity: tuple[str, ...]
    kind: Ints
    start: Ints
    end: Ints
    value: Floats
    assumed: bool


@dataclass(frozen=True)
class Covariates:
    """size: elasticity of the hazard to value locked; fading: its fall per year of age."""

    size: float = 0.0
    fading: float = 0.0


def read_list(file: Path) -> AtRisk:
    """An at-risk list from a CSV. Raises InputError with the row and column of what is wrong."""
    rows = table_rows(file, COLUMNS, "an at-risk list")
    if not rows:
        raise InputError("no row", file=file.name, expected="one entity at least")
    names, kinds, starts, ends, values = [], [], [], [], []
    known = [kind.value for kind in KINDS]
    for number, row in rows:
        kind = row["kind"].strip().lower()
        if kind not in known:
            raise InputError(
                f"{kind!r} is no kind",
                file=file.name,
                row=number,
                column="kind",
                expected=choices(kind, known),
            )
        start = day_number(file.name, number, "start", row["start"])
        end = STILL
        if row["end"].strip():
            end = day_number(file.name, number, "end", row["end"])
        if end < start:
            raise InputError(
                f"ends on {row['end']}, before it starts on {row['start']}",
                file=file.name,
                row=number,
                column="end",
                expected="a later date, or an empty cell for who is still there",
            )
        names.append(row["entity"].strip())
        kinds.append(known.index(kind))
        starts.append(start)
        ends.append(end)
        values.append(_value(file, number, row["value_locked"]))
    return AtRisk(
        tuple(names),
        np.array(kinds, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        np.array(values),
        assumed=False,
    )


def _value(file: Path, number: int, text: str) -> float:
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e15:
        raise InputError(
            f"{text!r} is no value locked",
            file=file.name,
            row=number,
            column="value_locked",
            expected="USD above 0, or an empty cell where it is unknown",
        )
    return value


def known_on(listed: AtRisk, day: int) -> AtRisk:
    """A list as it stood on a day: rows begun by then, those that end later still there.

    The assumed list stays: its law is stated beforehand. Raises InputError where no row is left.
    """
    if listed.assumed:
        return listed
    begun = listed.start <= day
    if not begun.any():
        raise InputError(
            f"no row begins by {day_text(day)}", file="--list", expected="who was at risk by then"
        )
    names = tuple(name for name, keep in zip(listed.entity, begun, strict=True) if keep)
    end = np.where(listed.end > day, STILL, listed.end)
    return replace(
        listed,
        entity=names,
        kind=listed.kind[begun],
        start=listed.start[begun],
        end=end[begun],
        value=listed.value[begun],
    )


def assumed_list(last_day: int, growth: float = 1.0) -> AtRisk:
    """Entities that arrive by the assumed law; ``growth``: factor on its rate."""
    names: list[str] = []
    kinds: list[int] = []
    starts: list[int] = []
    for k, kind in enumerate(KINDS):
        law = ASSUMED[kind]
        speed = law.growth * growth / math.log(2.0)
        age = (last_day - ASSUMED_SINCE) / DAYS_PER_YEAR
        most = law.count * math.exp(speed * (1.0 - 2.0**-age))
        for n in range(1, int(most + 0.5) + 1):
            # The n-th arrives where N(t) is n - 1/2.
            years = -math.log2(1.0 - math.log((n - 0.5) / law.count) / speed)
            names.append(f"assumed {kind.value} {n}")
            kinds.append(k)
            starts.append(ASSUMED_SINCE + math.ceil(years * DAYS_PER_YEAR))
    count = len(names)
    return AtRisk(
        tuple(names),
        np.array(kinds, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.full(count, STILL, dtype=np.int64),
        np.full(count, math.nan),
        assumed=True,
    )


@dataclass(frozen=True)
class Traits:
    """Of each row (m,): log of value locked over its kind's typical one (0 unknown); the entity's
    first day in any row of its kind.
    """

    relative: Floats
    born: Ints


def traits(listed: AtRisk) -> Traits:
    """What the weights of a list's rows rest on."""
    relative = np.zeros(listed.kind.size)
    for k in range(len(KINDS)):
        mine = (listed.kind == k) & np.isfinite(listed.value)
        if mine.any():
            log_value = np.log(listed.value[mine])
            relative[mine] = log_value - log_value.mean()
    first: dict[tuple[str, int], int] = {}
    keys = list(zip(listed.entity, listed.kind.tolist(), strict=True))
    for key, start in zip(keys, listed.start.tolist(), strict=True):
        first[key] = min(first.get(key, start), start)
    return Traits(relative, np.array([first[key] for key in keys], dtype=np.int64))


def weights(known: Traits, chosen: Covariates, day: float) -> Floats:
    """Hazard of each row (m,) on a day, relative to a typical entity of its kind."""
    age = np.maximum(day - known.born, 0.0) / DAYS_PER_YEAR
    out: Floats = np.exp(chosen.size * known.relative - chosen.fading * age)
    return out


def exposure(
    listed: AtRisk, months: Sequence[int] | Ints, chosen: Covariates | None = None
) -> Floats:
    """Entity-years at risk (t, k) in each of these months by kind."""
    covariates = Covariates() if chosen is None else chosen
    month = np.asarray(months, dtype=np.int64)
    begin, end = first_day(month), first_day(month + 1)
    out = np.zeros((month.size, len(KINDS)))
    known = None if covariates == Covariates() else traits(listed)
    for t in range(month.size):
        days = np.minimum(listed.end, end[t]) - np.maximum(listed.start, begin[t])
        part = np.maximum(days, 0) / (end[t] - begin[t]) / 12.0
        if known is not None:
            part = part * weights(known, covariates, 0.5 * float(begin[t] + end[t]))
        out[t] = np.bincount(listed.kind, part, len(KINDS))
    return out
