"""Counterparties on the HTML page: claims and hazards, and each venue failing or not."""

from __future__ import annotations

from markupsafe import Markup

from seawall.report import counterparty_section as words
from seawall.report.findings import Result
from seawall.report.templates import Explain, Marks, filled
from seawall.report.typography import true_minus


def counterparty_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """The block as HTML, escaped; empty for results without it.

    explain: text of a number and the term it is explained by; marks: links to assumptions.
    """
    block = result.get("counterparty")
    if not block:
        return Markup("")
    removed = block["remove_one"] or []
    values = {
        "n": explain,
        "true_minus": true_minus,
        "marks": marks,
        "finding": words.finding(result),
        "quote": result["case"]["quote"],
        "horizon": words.horizon(result),
        "rows": [words.named(row) for row in block["counterparties"]],
        "notes": words.notes(result),
        "removed": [words.removed(row) for row in removed],
        "paths": removed[0]["paths"] if removed else 0,
        "assumed": words.assumed(block),
    }
    return filled("counterparty.html.jinja", values)
