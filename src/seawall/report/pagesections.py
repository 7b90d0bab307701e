"""The sections of the HTML page in their order: a question each, answered by one part or more.

A part is a function of the result, of the one that explains numbers and of the one that links
assumptions (see `templates`). It returns HTML made of blocks, `<div class="block">` half as wide
as the page, "major" and "minor" seven and five twelfths, "wide" all of it; or nothing, where the
result holds nothing for it. A section whose parts all return nothing is left out.

To add a part: put it into its section below, behind those that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from seawall.report import charts, findings, numbers, pageparts, pagetables, split_page
from seawall.report.alerts_part import alerts_part
from seawall.report.counterparty_part import counterparty_part
from seawall.report.drawn_part import fan_part, grid_part, map_part
from seawall.report.findings import Result
from seawall.report.remedy_part import remedy_part
from seawall.report.since_part import since_part
from seawall.report.tail_part import tail_part
from seawall.report.templates import Explain, Marks, filled
from seawall.report.typography import true_minus

Part = Callable[[Result, Explain, Marks], Markup]
NOTHING = Markup("")


@dataclass(frozen=True)
class Section:
    """A question of the page: its anchor, its words, and the parts that answer it in order."""

    name: str
    question: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Answered:
    """A section as it is printed."""

    name: str
    question: str
    body: Markup


def answered(result: Result, explain: Explain, marks: Marks) -> list[Answered]:
    """The sections that have an answer in this result, in the page's order."""
    found = []
    for section in SECTIONS:
        body = Markup("\n").join(
            html for part in section.parts if (html := part(result, explain, marks))
        )
        if body:
            found.append(Answered(section.name, section.question, body))
    return found


def plain(result: Result) -> str:
    """The word for paths that were not tilted, with a space; nothing where none were."""
    return "plain " if "rare" in result else ""


def survive_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """DRE by horizon with both intervals, other scopes, other crowds, severity."""
    head = findings.headline(result)
    values = {
        "r": result,
        "quote": result["case"]["quote"],
        "head": head,
        "plain": plain(result),
        "survive": pageparts.survive(result),
        "true_minus": true_minus,
        "curve": charts.curve(pageparts.points(result), head.scope),
        "model_text": numbers.model_interval(head.model_low, head.model_high, head.high),
        "n": explain,
        "marks": marks,
    }
    return filled("survive.html.jinja", values)


def first_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """Which account and leg break first."""
    if "first_to_break" not in result:
        return NOTHING
    values = {
        "r": result,
        "head": findings.headline(result),
        "plain": plain(result),
        "first": pagetables.first(result),
        "likeliest": findings.likeliest_scope(result),
        "n": explain,
        "marks": marks,
    }
    return filled("first.html.jinja", values)


def parts_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """What DRE is made of, as a waterfall."""
    parts = pageparts.parts(result)
    if not parts:
        return NOTHING
    values = {
        "finding": pageparts.parts_finding(result),
        "parts": parts,
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("parts.html.jinja", values)


def pays_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """Who pays, and the system behind it."""
    values = {
        "r": result,
        "case": result["case"],
        "quote": result["case"]["quote"],
        "head": findings.headline(result),
        "pays": pagetables.pays(result),
        "system": pagetables.system(result),
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("pays.html.jinja", values)


def leaving_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """How concentrated the positions are, and what leaving takes."""
    leaving = pagetables.leaving(result)
    if not leaving:
        return NOTHING
    values = {
        "leaving": leaving,
        "quote": result["case"]["quote"],
        "n": explain,
        "marks": marks,
    }
    return filled("leaving.html.jinja", values)


def limits_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """Each limit and how much of it is used."""
    del marks
    values = {"limits": pagetables.limits(result), "true_minus": true_minus, "n": explain}
    return filled("limits.html.jinja", values)


# The order of the terminal page (terminal_blocks): what breaks, why, the limits, what to do, what
# changed; then the tables behind them.
SECTIONS = (
    Section("first", "What dies first?", (first_part,)),
    Section("survive", "Does it survive?", (survive_part, split_page.kinds_part)),
    Section("why", "Why?", (parts_part, grid_part, split_page.split_part)),
    Section("limits", "Are its limits kept?", (limits_part, alerts_part)),
    Section("remedies", "What would help?", (remedy_part,)),
    Section("changed", "What changed?", (since_part,)),
    Section("pays", "Who pays?", (pays_part,)),
    Section("map", "How far would it go?", (map_part, fan_part)),
    Section("leaving", "Could it get out?", (leaving_part,)),
    Section("tail", "How much could it lose?", (tail_part,)),
    Section("failing", "What if somebody else fails?", (counterparty_part,)),
)
