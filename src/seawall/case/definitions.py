"""What each number of a report means: the text of `seawall define NAME`.

The texts are data: definitions.toml beside this file, one table per idea. A test holds that every
key of the JSON has one.
"""

from __future__ import annotations

import difflib
import re
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


# What a heading of a page adds to its words: a unit or an aside, a number or time, a place.
_ASIDE = re.compile(r"[,:(\[].*$")
_NUMBERS = re.compile(r"(?: [-+\d][\d.,%:-]*(?: ?(?:s|m|min|h|d|x|utc))?)+$")
_COUNT = re.compile(r"^[-+−]?\d[\d.,]* ?(?=\D)")
_PLACE = re.compile(r"^(.+) (?:of|in|within|after|over|under|that|from|by|at)\b.*$")


def lookup_words(words: str) -> Definition | None:
    """As `lookup`, but a heading may be given as the page prints it: "First to break in 24 h".

    What is not known as a whole is looked up without its unit, its time and its place, the last
    words first.
    """
    wanted = _plain(words)
    found = lookup(wanted) or lookup(wanted := _ASIDE.sub("", wanted).strip()) or _shaped(wanted)
    found = found or lookup(_COUNT.sub("", wanted))
    while found is None:
        shorter = _PLACE.sub(r"\1", _NUMBERS.sub("", wanted)).strip()
        if not shorter or shorter == wanted:
            return None
        wanted = shorter
        found = lookup(wanted)
    return found


def _shaped(wanted: str) -> Definition | None:
    """The definition with a heading of this shape: "price of NAME after TIME"."""
    for entry in DEFINITIONS:
        for shape in entry.also:
            if "NAME" in shape:
                pattern = re.escape(_plain(shape))
                pattern = pattern.replace("name", r"\S+").replace("time", r"\d.*")
                if re.fullmatch(pattern, wanted):
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
