"""The page's tables of kinds that count, of DRE by leg, asset and venue, and of accounts."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from markupsafe import Markup

from seawall.report import findings, split_rows
from seawall.report.findings import Result


def split(result: Result, explain: Callable[..., Markup], marks: Callable[..., Markup]) -> Markup:
    """HTML of these tables; without a split or accounts only that of the kinds."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    room = files("seawall.report").joinpath("split.html.jinja")
    splits = split_rows.splits(result)
    for one in splits:
        most = max((abs(row["value"]) for row in one["rows"]), default=0.0) or 1.0
        for row in one["rows"]:
            row["width"] = f"{max(row['value'], 0.0) / most * 100:.1f}"
    desk = str(result["headline"]).startswith("desk:")
    text = environment.from_string(room.read_text("utf-8")).render(
        kinds=split_rows.kinds(result) if desk else [],
        horizon=findings.headline(result).horizon,
        splits=splits,
        accounts=split_rows.accounts(result),
        n=explain,
        marks=marks,
    )
    return Markup(text)
