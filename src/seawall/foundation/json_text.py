"""The one text of a result: the same result gives the same JSON, byte for byte."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from seawall.foundation.errors import SeawallError


def dumps(result: Mapping[str, Any]) -> str:
    """The result as JSON text: two-space indent, keys in the order of the result, final newline.

    Floats are written by ``repr`` (the shortest text that reads back to the same number), NaN and
    infinities as null because JSON has no word for them, NumPy scalars and arrays as the Python
    numbers and lists they hold. Text outside ASCII is kept as it is (UTF-8).

    Raises SeawallError, naming the place, for a value that JSON cannot hold and for a key that is
    not text.
    """
    return json.dumps(_plain(result, "result"), indent=2, ensure_ascii=False) + "\n"


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the text that `dumps` gives."""
    return sha256(dumps(value).encode()).hexdigest()


def _plain(value: object, place: str) -> object:
    """``value`` in the types of JSON; ``place`` is the path to it, for the error's sentence."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # A lone surrogate (a badly decoded file name) cannot be written as UTF-8.
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise SeawallError(f"{place} has the key {key!r}; a key must be text.")
        return {key: _plain(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item, f"{place}[{index}]") for index, item in enumerate(value)]
    # NumPy scalars (not subclasses of int) and arrays, without importing NumPy here.
    unwrap = getattr(value, "tolist", None)
    if callable(unwrap):
        return _plain(unwrap(), place)
    raise SeawallError(
        f"{place} is a {type(value).__name__}, which JSON cannot hold; "
        "give numbers, text, lists and dictionaries."
    )
