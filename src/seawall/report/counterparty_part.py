"""Counterparties on the HTML page: claims and hazards, and each venue failing or not."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from markupsafe import Markup

from seawall.report import counterparty_section as words
from seawall.report.findings import Result


def counterparty_part(
    result: Result, explain: Callable[..., Markup], marks: Callable[..., Markup]
) -> Markup:
    """The section as HTML, escaped; empty for results without the block.

    explain: text of a number and the term it is explained by; marks: links to assumptions.
    """
    block = result.get("counterparty")
    if not block:
        return Markup("")
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = files("seawall.report").joinpath("counterparty.html.jinja").read_text("utf-8")
    removed = block["remove_one"] or []
    rendered = environment.from_string(text).render(
        n=explain,
        marks=marks,
        finding=words.finding(result),
        quote=result["case"]["quote"],
        horizon=words.horizon(result),
        rows=[words.named(row) for row in block["counterparties"]],
        notes=words.notes(result),
        removed=[words.removed(row) for row in removed],
        paths=removed[0]["paths"] if removed else 0,
        assumed=words.assumed(block),
    )
    return Markup(rendered)
