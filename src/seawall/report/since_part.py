"""What changed since an earlier Case, on the HTML page: a finding and a table with bars."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from seawall.report import since_section
from seawall.report.findings import Result
from seawall.report.templates import Explain, Marks, filled


def since_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """The block as HTML, escaped; empty where no earlier Case was given."""
    block = result.get("since_last")
    if not isinstance(block, Mapping) or "dre_before" not in block:
        return Markup("")
    rows = since_section.drivers(block)
    most = max((abs(row["value"]) for row in rows), default=0.0) or 1.0
    for row in rows:
        row["width"] = f"{abs(row['value']) / most * 100:.1f}"
    values = {
        "n": explain,
        "marks": marks,
        "sentence": block["sentence"],
        "since": since_section.since(block, words=True),
        "rows": rows,
        "whole": since_section.change(block),
        "rests": since_section.rests_on(result),
    }
    return filled("since.html.jinja", values)
