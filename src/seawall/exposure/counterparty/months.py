"""Calendar months as numbers, so that counts and exposures are arrays by month.

A month is counted from January 1970 (0). Times are UTC dates.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DAYS_PER_YEAR = 365.25


def month_of(day: Ints) -> Ints:
    """The month (n,) of each day since 1970-01-01 (n,)."""
    months: Ints = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def first_day(month: Ints) -> Ints:
    """The first day (n,) of each month (n,)."""
    days: Ints = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def month_text(month: int) -> str:
    """2021-12 for a month's number."""
    return str(np.datetime64(month, "M"))


def day_text(day: int) -> str:
    """2021-12-31 for a day's number."""
    return str(np.datetime64(day, "D"))


def month_number(moment: date) -> int:
    """The month of a date."""
    return (moment.year - 1970) * 12 + moment.month - 1


def last_whole_month(until: date) -> int:
    """The last month that is over at the end of a day: a month counts once it is over."""
    month = month_number(until)
    return month if np.datetime64(until) + 1 == np.datetime64(month + 1, "M") else month - 1


def counts(day: Ints, kind: Ints, first: int, last: int, kinds: int) -> Ints:
    """Incidents by month and kind (t, k), months ``first`` to ``last``."""
    out = np.zeros((last - first + 1, kinds), dtype=np.int64)
    month = month_of(day)
    inside = (month >= first) & (month <= last)
    np.add.at(out, (month[inside] - first, kind[inside]), 1)
    return out
