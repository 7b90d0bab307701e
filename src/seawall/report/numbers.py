"""How a number is written, once for the terminal and the page: sign, digits, unit.

Every function returns text and takes None for "not known", which becomes a dash; a NaN or an
infinity is not known either. Minus is the ASCII hyphen here; the page turns it into a true minus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

UNKNOWN = "-"
# Square of the 97.5% point of the normal: the Wilson interval of a proportion at 95%.
_WILSON_SQUARED = 1.959963984540054**2

Number = float | int | None


def known(value: Number) -> bool:
    """True for a finite number."""
    return value is not None and math.isfinite(value)


def percent(value: Number, digits: int = 2) -> str:
    """0.031 as "3.10%"; below the last digit shown, two significant digits instead of zeros."""
    if value is None or not math.isfinite(value * 100.0):
        return UNKNOWN
    return _bare_percent(value * 100.0, digits) + "%"


def signed_percent(value: Number, digits: int = 2) -> str:
    """The same with the sign of what is above zero too: 0.073 as "+7.30%"."""
    text = percent(value, digits)
    return "+" + text if value is not None and value > 0 and text != UNKNOWN else text


def _bare_percent(points: float, digits: int) -> str:
    if abs(points) < 1e-12:  # rounding left of a zero
        return f"{0.0:.{digits}f}"
    if abs(points) < 10.0**-digits:
        if abs(points) < 1e-4:
            return f"{points:.1e}".replace("e-0", "e-").replace("e+0", "e+")
        places = 1 - math.floor(math.log10(abs(points)))
        return f"{points:.{places}f}"
    if abs(points) >= 1e6:
        return f"{points:.2g}".replace("e+0", "e").replace("e+", "e")
    return f"{points:.{digits}f}"


def below(high: Number) -> str:
    """Nothing was seen: "<0.04%", where ``high`` is the upper end of the interval."""
    if high is None or not math.isfinite(high):
        return "<" + UNKNOWN
    return f"<{float(f'{high * 100:.1g}'):g}%"


def none_seen(paths: int) -> float:
    """Upper end of the 95% Wilson interval of no case in ``paths``: z^2 / (paths + z^2)."""
    return _WILSON_SQUARED / (paths + _WILSON_SQUARED)


def probability(value: Number, seen: int | None, high: Number, digits: int = 2) -> str:
    """A probability, or "<x%" when none of the paths shows the event (``seen`` is 0)."""
    if seen == 0 or (seen is None and value == 0):
        return below(high)
    return percent(value, digits)


def interval(low: Number, high: Number, digits: int | None = 2) -> str:
    """Both ends: "2.78 to 3.46%"; ``digits`` None gives two significant digits ("1.7 to 5.3%")."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return UNKNOWN
    if digits is None:
        return f"{_two_digits(low * 100)} to {_two_digits(high * 100)}%"
    return f"{_bare_percent(low * 100, digits)} to {_bare_percent(high * 100, digits)}%"


def model_interval(low: Number, high: Number, none: Number) -> str:
    """The model interval, two significant digits.

    Where no world's paths show a case its upper end is not zero but unknown below what so many
    paths can show: "0 to <1%", with ``none`` the upper end of the simulation interval.
    """
    if high is not None and abs(high) < 1e-12 and known(none):
        return f"0 to {below(none)}"
    return interval(low, high, None)


def _two_digits(points: float) -> str:
    if abs(points) < 1e-12:
        return "0"
    if points >= 0.995:
        return f"{points:.1f}"
    places = max(2, -math.floor(math.log10(abs(points))))
    return f"{points:.{places}f}" if places < 7 else f"{points:.0e}".replace("e-0", "e-")


def points(value: Number, signed: bool = False) -> str:
    """A difference of probabilities in points: 0.0116 as "1.16" or "+1.16"."""
    if value is None or not math.isfinite(value * 100.0):
        return UNKNOWN
    text = _bare_percent(value * 100.0, 2)
    return "+" + text if signed and value > 0 else text


_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def money(value: Number) -> str:
    """1,840,000 as "1.84M": three significant digits and k, M, B or T."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= 9.995e14:
        return f"{value:.2e}".replace("e+", "e")
    for scale, letter in _SCALES:
        if size >= scale * 0.9995:
            return _three_digits(value / scale) + letter
    if 0 < size < 0.005:
        return f"{value:.1e}".replace("e-0", "e-")
    return _three_digits(value)


def _three_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    text = f"{value:.{0 if size >= 99.95 else 1 if size >= 9.995 else 2}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_scale(values: list[float]) -> tuple[float, str]:
    """The common scale of a table of amounts: (divisor, letter) by the largest of them."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    for scale, letter in _SCALES:
        if largest >= scale * 0.9995:
            return scale, letter
    return 1.0, ""


def scaled(value: Number, scale: float) -> str:
    """An amount in the table's scale, two decimals; out of range it becomes scientific."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    amount = value / scale
    if abs(amount) >= 1e6:
        return f"{amount:.2e}".replace("e+", "e")
    text = f"{amount:.2f}"
    return "0.00" if text == "-0.00" else text


def money_interval(low: Number, high: Number) -> str:
    """Both ends of an amount: "2.1M to 6.85M", "?" for one not known; nothing where neither is."""
    return _ends(low, high, money)


def scaled_interval(low: Number, high: Number, scale: float) -> str:
    """The same in the table's scale: "2.10 to 6.85"."""
    return _ends(low, high, lambda end: scaled(end, scale))


def _ends(low: Number, high: Number, written: Callable[[Number], str]) -> str:
    if not known(low) and not known(high):
        return ""
    return " to ".join(written(end) if known(end) else "?" for end in (low, high))


def amount(value: Number) -> str:
    """A quantity to act on, not shortened: 620,000 or 0.125."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-6:
        return f"{value:.3e}".replace("e+", "e").replace("e-0", "e-")
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.8f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:,.4g}"


def price(value: Number) -> str:
    """A price with the digits a trader reads: 70,100, 104.31, 0.04512."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= 1e9 or 0 < size < 1e-8:
        return f"{value:.3e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 1 or size == 0:
        return f"{value:.2f}"
    return f"{value:.{3 - math.floor(math.log10(size))}f}"


def ratio(value: Number, digits: int = 2) -> str:
    """1.34 as "1.34x"."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) >= 1e5:
        return f"{value:.1e}x".replace("e+0", "e").replace("e+", "e")
    if 0 < abs(value) < 0.5 * 10.0**-digits:
        return f"<{0.5 * 10.0**-digits:g}x"
    return f"{value:.{digits}f}x"


def days(value: Number) -> str:
    """Days to exit: two decimals, fewer for long ones."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) >= 1e5:
        return f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    if 0 < value < 0.005:
        return "<0.01"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def sigmas(value: Number) -> str:
    """Daily sigmas, one decimal."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}" if abs(value) < 1e5 else ">99999"


def horizon(seconds: Number) -> str:
    """3600 as "1 h"; a day stays "24 h", longer whole days are days."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    for unit, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        least = unit * 2 if name == "d" else unit
        if seconds >= least and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s"


def long_horizon(seconds: Number) -> str:
    """The same in words: "24 hours", "5 minutes"."""
    text = horizon(seconds)
    if text == UNKNOWN:
        return text
    count, unit = text.split(" ")
    word = {"d": "day", "h": "hour", "min": "minute", "s": "second"}[unit]
    return f"{count} {word}" + ("" if count == "1" else "s")


def moment(text: str, later_seconds: float = 0.0, words: bool = False) -> str:
    """A UTC time of the case as "2026-01-30 16:00 UTC" or "30 January 2026, 16:00 UTC"."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        time = time.astimezone(UTC) + timedelta(seconds=later_seconds)
    except (ValueError, OverflowError):
        return text
    if words:
        return f"{time.day} {time:%B %Y, %H:%M} UTC"
    return f"{time:%Y-%m-%d %H:%M} UTC"


def deadline(as_of: str, seconds: Number) -> str:
    """When a remedy must have landed: "20:19 UTC", with the day when it is another day."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    now, then = moment(as_of), moment(as_of, seconds)
    if now[:10] == then[:10]:
        return then[11:]
    day = moment(as_of, seconds, words=True).split(" ")
    return f"{day[0]} {day[1][:3]} {then[11:]}" if len(day) > 1 else then


def signed_shock(value: Number) -> str:
    """A shock to a price, -0.05 as "-5%"; half points keep one decimal."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value * 100:+.1f}".removesuffix(".0") + "%"
