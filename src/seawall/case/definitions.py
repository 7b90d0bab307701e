"""What each number of a report means: the text of `seawall define NAME`.

The texts are data: definitions.toml beside this file, one table per idea. A test holds that every
key of the JSON has one.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from importlib.resources import files

from seawall.case.assumptions import ASSUMPTIONS


@dataclass(frozen=True)
class Definition:
    """One explained number: its name, unit, meaning, and the other words for it."""

    name: str
    unit: str
    text: str
    also: tuple[str, ...] = ()


def _read() -> tuple[Definition, ...]:
    text = files("seawall.case").joinpath("definitions.toml").read_text(encoding="utf-8")
    return tuple(
        Definition(
            name=name,
            unit=entry["unit"],
            text=" ".join(entry["text"].split()),
            also=tuple(word.strip() for word in entry.get("also", "").split(";") if word.strip()),
        )
        for name, entry in tomllib.loads(text).items()
    )


DEFINITIONS: tuple[Definition, ...] = _read()


def _plain(name: str) -> str:
    """The name without case, and with one word break."""
    return " ".join(name.casefold().replace("_", " ").split())


def lookup(name: str) -> Definition | None:
    """The definition of a JSON key, a word of the page or an assumption (A1); None if unknown.

    A dotted path (``dre.scopes.low``) is looked up by its last part.
    """
    wanted = _plain(name)
    for candidate in (wanted, wanted.rsplit(".", 1)[-1].split("[")[0].strip()):
        if candidate.upper() in ASSUMPTIONS:
            number = candidate.upper()
            return Definition(number, "assumption", ASSUMPTIONS[number])
        for exact in (True, False):
            for entry in DEFINITIONS:
                names = (entry.name,) if exact else entry.also
                if candidate in map(_plain, names):
                    return entry
    return None


def closest(name: str, count: int = 4) -> tuple[str, ...]:
    """Names of definitions that look most like ``name``, best first; () when none does."""
    entries = {_plain(word): entry.name for entry in DEFINITIONS for word in entry.also}
    entries |= {_plain(entry.name): entry.name for entry in DEFINITIONS}
    wanted = _plain(name)
    near = difflib.get_close_matches(wanted, entries, n=3 * count, cutoff=0.62)
    inside = [word for word in entries if len(wanted) > 2 and wanted in word]
    return tuple(dict.fromkeys(entries[word] for word in near + inside))[:count]
