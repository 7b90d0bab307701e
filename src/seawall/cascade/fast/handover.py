"""Calls of compiled code with large records, whose types are looked at once.

What a kernel is given is told by its types, and to tell those of some hundred arrays takes ten
times as long as to read them: most of the time of a short call. All runs of one compiled Case make
their records with the same code, so the types that the first call of a kernel has are those of the
others too. `as_told` looks at the records whose arrays come from elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from seawall.cascade.fast import layout_kernel as layout
from seawall.foundation.compiled import Kernel

Record = TypeVar("Record", layout.Books, layout.Prices)
_LETTERS = {
    short: np.dtype(name.replace("boolean", "bool")) for short, name in layout.SHORT.items()
}
_TOLD = {
    cls: tuple((_LETTERS[word[0]], int(word[1])) for word in layout.SPECS[cls].split())
    for cls in (layout.Books, layout.Prices)
}


class Handover:
    """Calls kernels for the runs of one compiled Case."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __call__(self, kernel: Kernel, *arguments: Any) -> Any:
        """As ``kernel(*arguments)``; only the first call of each kernel looks at the types."""
        if kernel.name in self._known:
            return kernel.again(*arguments)
        out = kernel(*arguments)
        self._known.add(kernel.name)
        return out


def as_told(record: Record) -> Record:
    """The record, whose arrays are what compiled code is told they are.

    Raises TypeError: a copy would be memory of which the plain loop knows nothing.
    """
    for name, array, (kind, axes) in zip(record._fields, record, _TOLD[type(record)], strict=True):
        if array.dtype != kind or array.ndim != axes or not array.flags.c_contiguous:
            raise TypeError(
                f"{type(record).__name__}.{name} is an array of {array.dtype} with {array.ndim} "
                f"axes, or not in one piece; compiled code reads {kind} with {axes}"
            )
    return record
