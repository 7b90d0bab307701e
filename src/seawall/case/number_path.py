"""How a limit names a number of the report: a dotted path into the JSON of `seawall check`.

    system.value_at_risk
    dre.scopes.desk:harbour.parts.latency           a list along horizons: the limit's `horizon`
    tail.desks[harbour].rows[monte_carlo].value_at_risk[0.99]
    concentration[harbour/perp-main, HYPE-PERP].notional
    concentration[*].exit_cost                      the worst of all rows
    system.amplification.SOL[-0.10].ratio

A word between dots is a key. A word in brackets is a key too, for names that hold dots, or chooses
from a list: the entry, or entries, with this name, account, owner, instrument, kind, asset, venue,
method, shock, horizon or level (several words, parted by commas, must all fit), `#2` the second,
`*` every one. Where several entries fit, the limit is on the worst of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from seawall.case.definitions import DEFINITIONS, closest, lookup
from seawall.foundation.errors import InputError

TOKEN = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]+)\]")
# Keys of the JSON that are not the answer itself, or of which a limit would be on itself.
NOT_NUMBERS = ("manifest", "since_last", "alerts", "limits", "schema")
# Keys of the JSON that only hold others or count them: docs/json.md explains them in their table.
IN_TABLES = frozenset(
    (
        *("at_seconds", "bar_seconds", "beyond", "by_horizon", "deleveraged", "draws", "excesses"),
        *("exit", "exposure", "failure", "falls", "from", "history", "independent", "note"),
        *("observations", "refill_seconds", "rises", "rows", "seconds", "shape", "shocks", "start"),
        *("stretch", "threshold", "to", "volatility", "volume_seconds", "windows"),
    )
)
EXAMPLE = "a path such as tail.desks[harbour].exit.exit_cost"


@dataclass(frozen=True)
class Step:
    """One step of a path: a key, or a choice in brackets."""

    word: str
    chooses: bool

    @property
    def text(self) -> str:
        """As it is written, without a dot."""
        return f"[{self.word}]" if self.chooses else self.word


def read_path(text: str) -> tuple[Step, ...]:
    """The steps of a path; raises InputError where it is none."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        starts_with_dot = text[at] == "."
        if found is None or starts_with_dot != (bool(steps) and found.group(2) is None):
            raise InputError(f"{text!r} cannot be read at {text[at:]!r}", expected=EXAMPLE)
        key, chosen = found.group(1), found.group(2)
        steps.append(Step((key if key is not None else chosen).strip(), key is None))
        at = found.end()
    if not steps or steps[0].chooses or any(not step.word for step in steps):
        raise InputError(f"{text!r} is no path", expected=EXAMPLE)
    return tuple(steps)


def known_path(text: str, names: Iterable[str]) -> tuple[Step, ...]:
    """The steps of a path whose keys all exist: keys of the JSON, or ``names`` of the Case.

    What cannot be known before the run (which rows there are) is not asked for here. Raises
    InputError with the nearest known keys.
    """
    steps = read_path(text)
    own = set(names)
    if steps[0].word in NOT_NUMBERS:
        raise InputError(f"{text!r} leads to {steps[0].word}, no number", expected=EXAMPLE)
    for step in steps:
        if step.chooses or step.word in own or _is_key(step.word):
            continue
        near = closest(step.word)
        expected = "one of " + ", ".join(near) if near else "a key of docs/json.md"
        raise InputError(f"{text!r} has {step.word!r}, no key of the report", expected=expected)
    return steps


def unit_of(steps: Iterable[Step]) -> str:
    """The unit of the number at the end of a path, in a word of UNITS; "number" where none is."""
    keys = [step.word for step in steps if not step.chooses]
    if not keys:
        return "number"
    if keys[-1] in ("low", "high", "model_low", "model_high"):
        return "fraction"
    entry = lookup(_without_end(keys[-1]))
    said = "" if entry is None else entry.unit
    return next((unit for word, unit in UNITS if word in said), "number")


# In this order: the first word that the unit of a definition holds.
UNITS = (
    ("probability", "fraction"),
    ("fraction", "fraction"),
    ("relative move", "fraction"),
    ("volatility", "fraction"),
    ("quote", "quote"),
    ("days", "days"),
    ("seconds", "seconds"),
    ("ratio", "ratio"),
    ("multiple", "ratio"),
)


def _plain(word: str) -> str:
    return word.casefold().replace("_", " ")


@cache
def _keys() -> frozenset[str]:
    """Every key of the JSON, and word of the page, that has a definition."""
    return frozenset(_plain(name) for entry in DEFINITIONS for name in (entry.name, *entry.also))


def _is_key(word: str) -> bool:
    """True for a key of the JSON; ends of intervals have the definition of their number."""
    base = _without_end(word)
    return base in IN_TABLES or _plain(word) in _keys() or _plain(base) in _keys()


def _without_end(word: str) -> str:
    return word.removesuffix("_low").removesuffix("_high")
