"""A derivation as nested dicts, for the JSON and the page."""

from __future__ import annotations

from typing import Any

from seawall.margin.account.working import Line


def line(working: Line) -> dict[str, Any]:
    """One line and its parts; unit, rule and parts are left out where there are none."""
    found: dict[str, Any] = {"name": working.name, "value": working.value}
    if working.unit:
        found["unit"] = working.unit
    if working.rule:
        found["rule"] = working.rule
    if working.parts:
        found["parts"] = [line(part) for part in working.parts]
    return found
