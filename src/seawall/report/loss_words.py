"""A mean loss in words: below zero it is a gain, and why an impaired desk can have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers

WHY_GAIN = (
    "A mean loss can be a gain: loss is counted to the horizon, impairment at its first moment."
)


def is_gain(loss: float | None) -> bool:
    """True for a known loss below zero."""
    return numbers.known(loss) and loss < 0.0  # type: ignore[operator]


def loss(value: float | None) -> str:
    """A mean loss as "1.84M", below zero as "gain 724k"."""
    return f"gain {numbers.money(-value)}" if is_gain(value) else numbers.money(value)  # type: ignore[operator]


def interval(entry: Mapping[str, Any], index: int) -> str:
    """The 95% interval of the mean loss at a horizon: "2.1M to 6.85M", below zero "gain 500k to
    900k", around it "gain 500k to loss 2.1M"; nothing where it is not known.
    """
    low, high = (_at(entry, f"expected_loss_{end}", index) for end in ("low", "high"))
    if low is None or not is_gain(low):
        return numbers.money_interval(low, high)
    if is_gain(high):
        return f"gain {numbers.money_interval(-high, -low)}"  # type: ignore[operator]
    return f"gain {numbers.money(-low)} to loss {numbers.money(high)}"


def _at(entry: Mapping[str, Any], key: str, index: int) -> float | None:
    values: Sequence[float | None] = entry.get(key) or ()
    return values[index] if index < len(values) else None


def why(entry: Mapping[str, Any]) -> str:
    """Why a scope has a mean gain at some horizon, as a sentence; nothing where it has none."""
    losses: Sequence[float | None] = entry.get("expected_loss") or ()
    return WHY_GAIN if any(is_gain(value) for value in losses) else ""


def balance(loss: float, paid: float, gain: float) -> str:
    """The sum over payers: "loss 2M = paid 3M − gained 1M", or "gain 1M = gained 3M − paid 2M"."""
    if loss < 0.0:
        text = f"gain {numbers.money(-loss)}"
        return f"{text} = gained {numbers.money(gain)} − paid {numbers.money(paid)}"
    text = f"loss {numbers.money(loss)}"
    more = f" = paid {numbers.money(paid)} − gained {numbers.money(gain)}"
    return text + (more if gain > 0 else "")
