"""Limits on any number of the report, by its path; filled in when the whole result is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.case import Case, Limit
from seawall.case.case import NUMBER
from seawall.case.number_path import Step, read_path, unit_of
from seawall.exposure.limit_row import Measured, limit_row
from seawall.exposure.number_at import NAMES, Leaf, leaves
from seawall.exposure.shocked import FURTHER, SHOCKS
from seawall.foundation.errors import InputError

# Numbers whose interval stands beside them as plain `low` and `high`.
PLAIN = ("probability", "part", "dre", "dre_change", "ratio", "total")
LISTED = 3


def with_numbers(case: Case, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`limits` of a result, those on paths filled in; the others as they stand.

    Raises InputError for a path that leads to no number, with the nearest that does.
    """
    rows = {str(row["name"]): row for row in result["limits"]}
    known = _names(case)
    filled = [
        _row(limit, result, known) if limit.measure == NUMBER else rows[limit.name]
        for limit in case.limits
    ]
    return [dict(row) | {"breacher": breacher(row, result)} for row in filled]


def breacher(row: Mapping[str, Any], result: Mapping[str, Any]) -> str | None:
    """Who drives a breached limit: the account and leg, or the venue; None where it is not known.

    Of the headline desk what breaks first most often; of the protocol the venue that leaves most
    bad debt; of a number or a position the entry that it was read from.
    """
    if not row["breached"] or row.get("breacher"):
        return row.get("breacher")
    scope = str(row["scope"])
    first = next(iter(result["first_to_break"]), None)
    if scope == result["headline"] and first is not None and first["probability"] > 0.0:
        leg = f"{first['instrument']} {first['side']}".strip()
        return f"{first['account']} ({leg})" if leg else str(first["account"])
    venues = result["system"].get("venues") or {}
    if scope == "protocol" and venues:
        worst = max(venues, key=lambda name: float(venues[name]["bad_debt_mean"]))
        return worst if venues[worst]["bad_debt_mean"] > 0.0 else None
    return scope.removeprefix("venue:") if scope.startswith("venue:") else None


def _row(limit: Limit, result: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    steps = read_path(str(limit.number))
    try:
        found = leaves(result, steps, limit.horizon_seconds, known)
    except InputError as error:
        raise _wrong(limit, str(error)) from None
    if limit.horizon_seconds is not None and found and not any(leaf.along for leaf in found):
        raise _wrong(limit, f"{limit.number} has no horizons, but a horizon is given.")
    measured = [_measured(leaf, limit, result) for leaf in found]
    sign = 1.0 if limit.minimum is None else -1.0
    end = limit.end or "value"
    values = [x for x in measured if getattr(x, end) is not None]
    worst = max(values, key=lambda x: sign * getattr(x, end), default=Measured(None))
    return limit_row(limit, worst, _scope(steps, found, result), unit_of(steps))


def _wrong(limit: Limit, problem: str) -> InputError:
    return InputError(f"limit {limit.name!r}: {problem}", file="limits.toml", column="number")


def _measured(leaf: Leaf, limit: Limit, result: Mapping[str, Any]) -> Measured:
    """A number with its interval, as far as one stands beside it, and what it is of."""
    ends = [_end(leaf, end, result) for end in ("low", "high")]
    if limit.end is not None and leaf.value is not None and not any(ends):
        raise _wrong(limit, f"{limit.number} has no interval, so no {limit.end} end.")
    low, high = (end[0] if end else None for end in ends)
    return Measured(leaf.value, low, high, _called(leaf))


def _end(leaf: Leaf, end: str, result: Mapping[str, Any]) -> tuple[float | None] | None:
    """An end of the simulation interval beside a number: (None,) where it stands there and is not
    known, None where there is none.
    """
    holder, key = leaf.holder, leaf.key
    places: list[tuple[Any, str]] = [
        (holder, f"{key}_{end}"),
        (holder, f"{end}_{key.removeprefix('dre_')}"),
        *([(holder, end)] if key in PLAIN else []),
        (holder.get(end), key),
        # An object whose ends are objects of the same keys: who_pays, who_pays_low.
        *((result.get(f"{name}_{end}"), key) for name, one in result.items() if one is holder),
    ]
    for place, name in places:
        if not isinstance(place, Mapping) or name not in place:
            continue
        if isinstance(found := place[name], Mapping):
            continue  # `low` of the parts of DRE holds the ends of all of them
        if isinstance(found, Sequence) and not isinstance(found, str) and leaf.index is not None:
            found = found[leaf.index]
        return (float(found) if isinstance(found, int | float) else None,)
    return None


def _called(leaf: Leaf) -> str | None:
    """What the number is of: the names of the entries that it came through."""
    words = [
        str(entry[name])
        for entry in leaf.entries
        for name in NAMES
        if name not in ("method", "underlying") and isinstance(entry.get(name), str) and entry[name]
    ]
    return ", ".join(list(dict.fromkeys(words))[:LISTED]) or None


def _scope(steps: Sequence[Step], found: Sequence[Leaf], result: Mapping[str, Any]) -> str:
    """The scope that a number speaks of, by its path; the headline's where it does not say."""
    words = [step.word for step in steps]
    if words[:2] in (["dre", "scopes"], ["rare", "scopes"]) and len(words) > 2:
        return words[2]
    if words[:2] == ["system", "venues"] and len(words) > 2:
        return f"venue:{words[2]}"
    if words[0] == "system":
        return "protocol"
    owners = {str(x["owner"]) for leaf in found for x in leaf.entries if x.get("owner")}
    return f"desk:{owners.pop()}" if len(owners) == 1 else str(result["headline"])


def _names(case: Case) -> frozenset[str]:
    book = case.book
    instruments = (instrument.name for instrument in book.instruments)
    desks = {f"desk:{owner}" for owner in book.account_owner}
    desks |= {f"account:{name}" for name in book.account_names}
    return frozenset(
        {*book.account_names, *book.account_owner, *book.assets, *case.market.assets}
        | {*instruments, *case.rulebooks, *(f"venue:{name}" for name in case.rulebooks), *desks}
        # Which asset has the further shocks of the map is another one tomorrow.
        | {repr(shock) for shock in (*SHOCKS, *FURTHER)}
    )
