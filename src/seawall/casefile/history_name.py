"""Which files of a Case hold prices of the past: its tail's history, and its bootstrap's."""

from __future__ import annotations

import tomllib

MODEL, KEY = "bootstrap", "history"


def named_histories(market: bytes) -> list[str]:
    """The files that market.toml names, each once; none where it is no TOML, said elsewhere."""
    try:
        top = tomllib.loads(market.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    scenario = top.get("scenario")
    table = scenario.get(MODEL) if isinstance(scenario, dict) else None
    drawn = table.get(KEY) if isinstance(table, dict) else None
    names = [name for name in (top.get(KEY), drawn) if isinstance(name, str) and inside(name)]
    return list(dict.fromkeys(names))


def inside(name: str) -> bool:
    """True for a table inside the Case's folder."""
    parts = name.split("/")
    safe = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return safe and name.endswith((".csv", ".parquet")) and "\\" not in name and ":" not in name
