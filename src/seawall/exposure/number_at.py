"""The number at a path of the result, and every path there is (grammar: `case.number_path`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.case.number_path import NOT_NUMBERS, Step
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import did_you_mean

# What an entry of a list is called by: texts first, in this order, then numbers.
NAMES = (
    *("name", "account", "owner", "venue", "instrument", "kind", "asset", "underlying", "method"),
    *("action", "side", "of", "counterparty"),
)
NUMBERS = ("shock", "horizon_seconds", "wrong_way", "level", "spot")
# Sections that a result has only where they were asked for.
ON_REQUEST = ("rare", "parts_by", "by_account")
AXES = ("horizons_seconds", "levels")
LENGTHS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
ANY = "*"


@dataclass(frozen=True)
class Leaf:
    """A number that a path leads to: its value (None: not known), the entries it came through, the
    object that holds it and its key there; ``index`` where it stands in a list along an axis.
    """

    value: float | None
    entries: tuple[Mapping[str, Any], ...]
    holder: Mapping[str, Any]
    key: str
    index: int | None
    along: bool


@dataclass(frozen=True)
class _Place:
    """Where a walk is: the objects from the root, entries of lists, the last key, an index."""

    parents: tuple[Mapping[str, Any], ...]
    entries: tuple[Mapping[str, Any], ...] = ()
    key: str = ""
    index: int | None = None
    along: bool = False


def leaves(
    result: Mapping[str, Any],
    steps: Sequence[Step],
    horizon: float | None,
    known: frozenset[str] = frozenset(),
) -> list[Leaf]:
    """Every number that a path leads to, in order; [] where what it names is not in this result.

    horizon  seconds, of lists along horizons; None is the run's
    known    names of the Case and numbers as Python writes them: an entry called by one of these
             that a list does not have is no mistake; nor is any entry of an empty list, or a place
             beyond its end

    Raises InputError for a path that leads nowhere, with the nearest that does.
    """
    if steps[0].word in ON_REQUEST and steps[0].word not in result:
        return []
    return list(_walk(result, steps, 0, _Place(()), _Asked(result, steps, horizon, known)))


@dataclass(frozen=True)
class _Asked:
    result: Mapping[str, Any]
    steps: Sequence[Step]
    horizon: float | None
    known: frozenset[str]

    def wrong(self, at: int, problem: str, expected: str) -> InputError:
        """An error at a step of the path."""
        return InputError(f"{text_of(self.steps[:at])} {problem}", expected=expected)


def text_of(steps: Sequence[Step]) -> str:
    """A path as it is written."""
    out = ""
    for step in steps:
        out += step.text if step.chooses or not out else f".{step.text}"
    return out


def _walk(
    node: Any, steps: Sequence[Step], at: int, place: _Place, asked: _Asked
) -> Iterator[Leaf]:
    if node is None:
        yield Leaf(None, place.entries, _holder(place), place.key, place.index, place.along)
        return
    if isinstance(node, Mapping):
        yield from _in_object(node, steps, at, place, asked)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        yield from _in_list(node, steps, at, place, asked)
    elif at < len(steps):
        raise asked.wrong(at, f"is {node!r} and has no {steps[at].word}", "its path alone")
    elif isinstance(node, bool) or not isinstance(node, int | float):
        raise asked.wrong(at, f"is {node!r}, no number", "the path of a number")
    else:
        value = float(node) if math.isfinite(node) else None
        yield Leaf(value, place.entries, _holder(place), place.key, place.index, place.along)


def _holder(place: _Place) -> Mapping[str, Any]:
    return place.parents[-1] if place.parents else {}


def _in_object(
    node: Mapping[str, Any], steps: Sequence[Step], at: int, place: _Place, asked: _Asked
) -> Iterator[Leaf]:
    if at == len(steps):
        own = [key for key in node if key not in (*NAMES, *NUMBERS)]
        if len(own) != 1:
            raise asked.wrong(at, "is no number", f"one of its keys, {_some(node)}")
        # The only thing that an entry says: amplification.SOL[-0.10] is its ratio.
        inner = _Place((*place.parents, node), place.entries, own[0], place.index, place.along)
        yield from _walk(node[own[0]], steps, at, inner, asked)
        return
    step = steps[at]
    names = list(node) if step.chooses and step.word == ANY else [step.word]
    for name in names:
        if name not in node:
            if name in asked.known and (not node or asked.known & node.keys()):
                continue  # an object by the Case's names, of which this is one
            near = did_you_mean(name, list(node))
            raise asked.wrong(
                at, f"has no {name!r}", repr(near) if near else f"one of {_some(node)}"
            )
        entries = place.entries
        if step.chooses and step.word == ANY:
            entries = (*entries, {"name": name})
        inner = _Place((*place.parents, node), entries, name, place.index, place.along)
        yield from _walk(node[name], steps, at + 1, inner, asked)


def _in_list(
    node: Sequence[Any], steps: Sequence[Step], at: int, place: _Place, asked: _Asked
) -> Iterator[Leaf]:
    axis = _axis(node, place, asked.result)
    step = steps[at] if at < len(steps) else None
    if axis is not None and axis[0] == AXES[0] and (step is None or not step.chooses):
        index = _at_horizon(axis[1], asked, at)
        if index is not None:
            inner = _Place(place.parents, place.entries, place.key, index, True)
            yield from _walk(node[index], steps, at, inner, asked)
        return
    if step is None or not step.chooses:
        raise asked.wrong(at, "is a list", f"an entry of it, {_kinds(node, axis)}, or [*] for all")
    for index in _chosen(node, step, axis, asked, at):
        entry = node[index]
        named = (*place.entries, entry) if isinstance(entry, Mapping) else place.entries
        inner = _Place(place.parents, named, place.key, index, place.along)
        yield from _walk(entry, steps, at + 1, inner, asked)


def _axis(
    node: Sequence[Any], place: _Place, result: Mapping[str, Any]
) -> tuple[str, list[float]] | None:
    """The nearest list of horizons or levels of this length around a list of unnamed entries."""
    if any(isinstance(x, Mapping) and _called(x) for x in node):
        return None
    outer = result.get("dre") if "rare" in result and result["rare"] in place.parents else None
    for parent in [*reversed(place.parents), outer or {}]:
        for name in AXES:
            axis = parent.get(name)
            if isinstance(axis, Sequence) and len(axis) == len(node):
                return name, list(axis)
    return None


def _at_horizon(seconds: list[float], asked: _Asked, at: int) -> int | None:
    """The index of the limit's horizon; None where the run does not reach it."""
    wanted = seconds[-1] if asked.horizon is None else asked.horizon
    if wanted in seconds:
        return seconds.index(wanted)
    if wanted > seconds[-1]:
        return None
    raise asked.wrong(
        at, f"has no horizon of {wanted:,.10g} s", _some({str(s): 0 for s in seconds})
    )


def _chosen(
    node: Sequence[Any],
    step: Step,
    axis: tuple[str, list[float]] | None,
    asked: _Asked,
    at: int,
) -> list[int]:
    """Indices of the entries that a choice in brackets fits."""
    if step.word == ANY:
        return list(range(len(node)))
    if step.word.startswith("#") and step.word[1:].isdigit():
        index = int(step.word[1:]) - 1
        if index < 0:
            raise asked.wrong(at, f"has no entry {step.word}", "#1 for the first")
        return [index] if index < len(node) else []
    if axis is not None:
        wanted = _number(step.word)
        return [k for k, value in enumerate(axis[1]) if value == wanted] or _missing(
            asked, at, step.word, [f"{value:g}" for value in axis[1]]
        )
    found = [k for k, entry in enumerate(node) if _fits(entry, step.word)]
    if found or not node or all(_is_known(word, asked.known) for word in _words(step.word)):
        return found
    return _missing(asked, at, step.word, [x for entry in node for x in _called(entry)])


def _missing(asked: _Asked, at: int, word: str, known: list[str]) -> list[int]:
    near = did_you_mean(word, known)
    names = list(dict.fromkeys(known))
    expected = repr(near) if near else f"one of {', '.join(names[:8])}" if names else "[*]"
    raise asked.wrong(at, f"has no entry {word!r}", expected)


def _is_known(word: str, known: frozenset[str]) -> bool:
    """True for a name that an entry may have, or a number: [-0.30] is known as -0.3."""
    number = _number(word)
    return word in known or (number is not None and repr(number) in known)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _fits(entry: Any, text: str) -> bool:
    """True where an entry is called by the whole text, or by each of its words."""
    if not isinstance(entry, Mapping):
        return False
    return _is_called(entry, text) or all(_is_called(entry, word) for word in _words(text))


def _is_called(entry: Mapping[str, Any], word: str) -> bool:
    if any(entry.get(name) == word for name in NAMES):
        return True
    number = _number(word)
    return number is not None and any(
        isinstance(entry.get(name), int | float) and entry[name] == number for name in NUMBERS
    )


def _number(word: str) -> float | None:
    """A number, or a length of time in seconds."""
    size = LENGTHS.get(word[-1:])
    try:
        return float(word[:-1]) * size if size is not None else float(word)
    except ValueError:
        return None


def _called(entry: Any) -> list[str]:
    """What an entry can be called by, texts first."""
    if not isinstance(entry, Mapping):
        return []
    texts = [entry[name] for name in NAMES if isinstance(entry.get(name), str) and entry[name]]
    numbers = [
        f"{entry[name]!r}"
        for name in NUMBERS
        if isinstance(entry.get(name), int | float) and not isinstance(entry[name], bool)
    ]
    return [str(text) for text in texts] + numbers


def _some(node: Mapping[str, Any]) -> str:
    names = list(node)
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _kinds(node: Sequence[Any], axis: tuple[str, list[float]] | None) -> str:
    if axis is not None:
        return ", ".join(f"[{value:g}]" for value in axis[1])
    names = [called[0] for entry in node if (called := _called(entry))]
    if not names:
        return f"[#1] to [#{len(node)}]"
    return ", ".join(f"[{name}]" for name in list(dict.fromkeys(names))[:6])


def paths(result: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """The path of every number of a result, and null, with its value at the run's horizon."""
    for key, node in result.items():
        if key not in NOT_NUMBERS:
            yield from _paths(node, (Step(key, False),), _Place((result,), key=key), result)


def _paths(
    node: Any, steps: tuple[Step, ...], place: _Place, result: Mapping[str, Any]
) -> Iterator[tuple[str, float | None]]:
    if isinstance(node, Mapping):
        for key, item in node.items():
            step = Step(key, any(sign in key for sign in ".[]"))
            inner = _Place((*place.parents, node), key=key)
            yield from _paths(item, (*steps, step), inner, result)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        axis = _axis(node, place, result)
        if axis is not None and axis[0] == AXES[0]:
            yield from _paths(node[-1], steps, place, result)
            return
        for index, item in enumerate(node):
            name = f"{axis[1][index]!r}" if axis is not None else _telling(node, index)
            yield from _paths(item, (*steps, Step(name, True)), place, result)
    elif node is None or (isinstance(node, int | float) and not isinstance(node, bool)):
        yield text_of(steps), None if node is None else float(node)


def _telling(node: Sequence[Any], index: int) -> str:
    """The fewest words that tell an entry from the others of its list; else its place."""
    words: list[str] = []
    for word in _called(node[index]):
        if any(sign in word for sign in ",[]"):
            continue
        words.append(word)
        text = ", ".join(words)
        if sum(_fits(entry, text) for entry in node) == 1:
            return text
    return f"#{index + 1}"
