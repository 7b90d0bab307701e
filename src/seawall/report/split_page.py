"""The page's tables of kinds that count, of DRE by leg, asset and venue, and of accounts."""

from __future__ import annotations

from markupsafe import Markup

from seawall.report import findings, split_rows
from seawall.report.findings import Result
from seawall.report.templates import Explain, Marks, filled


def kinds_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """Which kinds of impairment count, and how often each happens; a desk's question alone."""
    desk = str(result["headline"]).startswith("desk:")
    kinds = split_rows.kinds(result) if desk else []
    if not kinds:
        return Markup("")
    values = {
        "kinds": kinds,
        "horizon": findings.headline(result).horizon,
        "n": explain,
        "marks": marks,
    }
    return filled("kinds.html.jinja", values)


def split_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """DRE by leg, asset or venue, and by account; empty where neither was asked for."""
    del marks
    splits, accounts = split_rows.splits(result), split_rows.accounts(result)
    if not splits and not accounts:
        return Markup("")
    for one in splits:
        most = max((abs(row["value"]) for row in one["rows"]), default=0.0) or 1.0
        for row in one["rows"]:
            row["width"] = f"{max(row['value'], 0.0) / most * 100:.1f}"
    return filled("split.html.jinja", {"splits": splits, "accounts": accounts, "n": explain})
