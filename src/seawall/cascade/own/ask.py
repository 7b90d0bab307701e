"""One question to an own mechanism: a view that cannot be written to, an answer that is checked.

An answer of the wrong shape, not finite or out of its bounds ends the run with a sentence that
names the file: a wrong number is worse than none.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.own.code import Own, OwnMechanismError, failed

# Sums and bounds may be missed by rounding, not by more.
ROUNDING = 1e-9


def still(array: Any) -> Any:
    """A copy that cannot be written to."""
    out = np.array(array)
    out.flags.writeable = False
    return out


def ask(own: Own, view: Any) -> Any:
    """The answer of a step without memory."""
    try:
        with np.errstate(all="ignore"):
            return own.step(own.rule, view)
    except (Exception, SystemExit) as error:
        raise failed(own, error) from error


def ask_with_memory(own: Own, view: Any, memory: Any) -> Any:
    """The answer of a step that acts in every step; ``memory`` is None where it keeps none."""
    try:
        with np.errstate(all="ignore"):
            return own.step(own.rule, view, memory)
    except (Exception, SystemExit) as error:
        raise failed(own, error) from error


def begun(own: Own, view: Any, paths: int) -> Any:
    """The memory at the start; every array of it has the path as its first axis."""
    if own.begin is None:
        return None
    try:
        with np.errstate(all="ignore"):
            memory = own.begin(own.rule, view)
    except (Exception, SystemExit) as error:
        raise failed(own, error) from error
    held = list(vars(memory).values()) if is_dataclass(memory) else []
    if not held or not all(isinstance(a, np.ndarray) and a.shape[:1] == (paths,) for a in held):
        raise OwnMechanismError(
            f"{own.file.name}: begin() must answer a dataclass of arrays whose first axis is the "
            f"path ({paths} here).",
            "O1",
        )
    return memory


def numbers(
    own: Own, answer: Any, shape: tuple[int, ...], low: float, high: float, law: str = "O1"
) -> Floats:
    """``answer`` as an array (shape), every number finite and from ``low`` to ``high``.

    Raises OwnMechanismError, which names the first number that is not.
    """
    try:
        found = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != shape:
        raise OwnMechanismError(
            f"{own.file.name}: the step answered {type(answer).__name__} of shape "
            f"{np.shape(answer) if isinstance(answer, np.ndarray) else '?'}, expected numbers of "
            f"shape {shape}.",
            "O1",
        )
    # Where there is no upper bound, rounding is measured by the largest of the answers.
    top = high if np.isfinite(high) else float(np.abs(found[np.isfinite(found)]).max(initial=0.0))
    slack = ROUNDING * max(top, abs(low) if np.isfinite(low) else 0.0)
    bad = ~np.isfinite(found) | (found < low - slack) | (found > high + slack)
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        raise OwnMechanismError(
            f"{own.file.name}: the step answered {found[at]:g} at {at}, expected a number from "
            f"{low:g} to {high:g}.",
            "O3" if not np.isfinite(found[at]) else law,
        )
    return np.array(np.clip(found, low, high))


def at_most(own: Own, found: Floats, most: Floats, what: str, law: str) -> Floats:
    """``found`` cut to ``most``, which it may exceed by rounding alone."""
    over = found > most * (1.0 + ROUNDING)
    if over.any():
        n = int(np.argmax(over))
        raise OwnMechanismError(
            f"{own.file.name}: the step answered {found.flat[n]:g} of {most.flat[n]:g} {what}.", law
        )
    return np.minimum(found, most)


def all_together(own: Own, found: Floats, most: float, what: str) -> Floats:
    """``found`` whose sum is at most ``most``, but for rounding, which is taken off all."""
    total = float(np.sum(found))
    if total > most * (1.0 + ROUNDING):
        raise OwnMechanismError(
            f"{own.file.name}: the step's answers sum to {total:g}, and {most:g} {what}.", "L4"
        )
    return found * (most / total) if total > most else found


def arrays_of(view: Any) -> dict[str, Any]:
    """The fields of a view by name, for messages and tests."""
    return {field.name: getattr(view, field.name) for field in fields(view)}
