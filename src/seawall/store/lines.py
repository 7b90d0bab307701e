"""Which line of a file changed: a mark for each line, short enough to be kept beside the file.

A mark is the first three bytes of the SHA-256 of a line, in hexadecimal. It finds the place only;
that a file changed is said by its whole hash. A file of more than 20,000 lines has marks of groups
of lines, and the place is then the first line of the group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

MOST_MARKS = 20_000
WIDTH = 6
BINARY = (".parquet",)


def line_marks(name: str, data: bytes) -> dict[str, Any] | None:
    """Marks of a text file's lines: ``lines`` (how many), ``per`` (lines a mark covers), ``marks``.

    None for a file of a binary form.
    """
    if name.endswith(BINARY):
        return None
    lines = data.split(b"\n")
    per = -(-len(lines) // MOST_MARKS)
    groups = (b"\n".join(lines[at : at + per]) for at in range(0, len(lines), per))
    marks = "".join(hashlib.sha256(group).hexdigest()[:WIDTH] for group in groups)
    return {"lines": len(lines), "per": per, "marks": marks}


def changed_line(kept: Mapping[str, Any] | None, name: str, data: bytes) -> int | None:
    """The first line, from 1, that differs from the marks ``kept``; None where they do not tell."""
    now = line_marks(name, data)
    if now is None or not _readable(kept) or kept is None or kept["per"] != now["per"]:
        return None
    before, after = str(kept["marks"]), str(now["marks"])
    for at in range(0, max(len(before), len(after)), WIDTH):
        if before[at : at + WIDTH] != after[at : at + WIDTH]:
            return int(at // WIDTH * kept["per"] + 1)
    return None


def first_difference(before: bytes, after: bytes) -> int | None:
    """The first line, from 1, in which two texts differ; None where they are equal."""
    if before == after:
        return None
    first, second = before.split(b"\n"), after.split(b"\n")
    for number, (one, other) in enumerate(zip(first, second, strict=False), start=1):
        if one != other:
            return number
    return min(len(first), len(second)) + 1


def _readable(kept: object) -> bool:
    if not isinstance(kept, Mapping):
        return False
    return isinstance(kept.get("per"), int) and isinstance(kept.get("marks"), str)
