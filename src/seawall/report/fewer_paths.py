"""That worlds beside the base had fewer paths than usual: said at the foot of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fewer_paths(result: Mapping[str, Any]) -> str:
    """One sentence and a space where other worlds had less than half of the paths, else nothing."""
    side, paths = result.get("side_paths"), int(result["paths"])
    if side is None or side >= paths // 2:
        return ""
    parts = result["dre"].get("parts_paths", side)
    return (
        f"Model interval, other crowds and the remedy rest on the first {side:,} of {paths:,} "
        f"paths, and parts on {parts:,}, because there are "
        f"{result['case']['accounts']:,} accounts. "
    )
