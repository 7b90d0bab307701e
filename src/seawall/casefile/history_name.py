"""Which files of a Case hold histories: its tail's, and those that its scenario draws from."""

from __future__ import annotations

import tomllib

KEY = "history"
# Models that draw from histories, and the keys of their tables that name one.
MODELS = {"bootstrap": (KEY,), "filtered_history": (KEY, "forecasts")}


def named_histories(market: bytes) -> list[str]:
    """The files that market.toml names, each once; none where it is no TOML, said elsewhere."""
    try:
        top = tomllib.loads(market.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    scenario = top.get("scenario")
    found = [top.get(KEY)]
    for model, keys in MODELS.items():
        table = scenario.get(model) if isinstance(scenario, dict) else None
        found += [table.get(key) for key in keys] if isinstance(table, dict) else []
    return list(dict.fromkeys(n for n in found if isinstance(n, str) and inside(n)))


def inside(name: str) -> bool:
    """True for a table inside the Case's folder."""
    parts = name.split("/")
    safe = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return safe and name.endswith((".csv", ".parquet")) and "\\" not in name and ":" not in name
