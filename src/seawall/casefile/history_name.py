"""Which file of a Case holds the prices that its bootstrap draws from."""

from __future__ import annotations

import tomllib

MODEL, KEY = "bootstrap", "history"


def named_history(market: bytes) -> list[str]:
    """The file that market.toml's bootstrap names; none where it is no TOML, said elsewhere."""
    try:
        scenario = tomllib.loads(market.decode("utf-8-sig")).get("scenario")
    except (ValueError, RecursionError):
        return []
    table = scenario.get(MODEL) if isinstance(scenario, dict) else None
    name = table.get(KEY) if isinstance(table, dict) else None
    return [name] if isinstance(name, str) and inside(name) else []


def inside(name: str) -> bool:
    """True for a table inside the Case's folder."""
    parts = name.split("/")
    safe = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return safe and name.endswith((".csv", ".parquet")) and "\\" not in name and ":" not in name
