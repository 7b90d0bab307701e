"""The failures of a Case as lines of TOML, with what each number rests on beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.exposure.counterparty.tables import Exposed
from seawall.foundation.errors import InputError

# What a table strikes, by the key that names it.
STRUCK = ("venue", "asset", "assets", "name")


def written(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], exposed: Sequence[Exposed], basis: str
) -> str:
    """The tables as TOML; ``basis`` says in a line what the hazards were fitted on."""
    notes = {one.name: _note(one) for one in exposed}
    notes |= {", ".join(one.assets): _note(one) for one in exposed if one.assets}
    lines = [f"# Failures of counterparties: {basis}"]
    for kind, rows in tables.items():
        for row in rows:
            lines += ["", f"[[mechanisms.failures.{kind}]]"]
            note = notes.get(_struck(row))
            if note is not None:
                lines.append(f"# {note}")
            lines += [f"{key} = {_value(value)}" for key, value in row.items()]
    return "\n".join(lines) + "\n"


def _note(one: Exposed) -> str:
    loss = one.loss
    return (
        f"hazard of a {one.kind.value} {one.hazard:.4g} a year ({one.low:.4g} to {one.high:.4g}), "
        f"{one.source}; loss of a {one.claim.value.replace('_', ' ')} {loss.mean:.2g} "
        f"({loss.low:.2g} to {loss.high:.2g}), {loss.source}"
    )


def _struck(row: Mapping[str, Any]) -> str:
    for key in STRUCK:
        if key in row:
            value = row[key]
            return ", ".join(value) if isinstance(value, list) else str(value)
    return ""


def _value(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def appended(old: str, new: str, name: str) -> str:
    """The text of a TOML file with the new tables at its end.

    Raises InputError where the file has a failure of the same kind and target already, where it
    writes its failures in a form that cannot be added to, and where it is no TOML.
    """
    try:
        before = tomllib.loads(old)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"this is no TOML ({error})", file=name, expected="a market.toml"
        ) from None
    held = _targets(before)
    for kind, struck in _targets(tomllib.loads(new)):
        if (kind, struck) in held:
            raise InputError(
                f"[[mechanisms.failures.{kind}]] of {struck} is there already",
                file=name,
                expected="a file without it; take the old table out first",
            )
    text = old + ("" if not old or old.endswith("\n") else "\n") + ("\n" if old else "") + new
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"failures cannot be added at the end ({error})",
            file=name,
            expected="failures written as [[mechanisms.failures.KIND]], or none",
        ) from None
    return text


def _targets(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    slot = document.get("mechanisms", {}).get("failures", {})
    return {
        (kind, _struck(row))
        for kind, rows in slot.items()
        if isinstance(rows, list)
        for row in rows
        if isinstance(row, dict)
    }
