"""The answer as one HTML file: works offline, prints, explains each number where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from seawall.case.assumptions import ASSUMPTIONS
from seawall.report import charts, findings, foot, front_facts, numbers, pageparts
from seawall.report.columns import clean
from seawall.report.fewer_paths import fewer_paths
from seawall.report.findings import Result
from seawall.report.pagesections import Answered, answered, plain
from seawall.report.templates import Explain, Marks, filled
from seawall.report.terms import TERMS, explained, meaning
from seawall.report.typography import true_minus
from seawall.report.verdict import Verdict, driver
from seawall.report.verdict import verdict as verdict_of
from seawall.store.page_data import data_block, sealed_page

STYLES = ("page.css", "drawn.css")
NOTICE = (
    "Seawall, Copyright the Seawall maintainers, Apache License 2.0 "
    "(apache.org/licenses/LICENSE-2.0). This file embeds nothing of others: "
    "style, drawings and text are Seawall's own."
)


def render(result: Result) -> str:
    """The report of `seawall check` for one result dict (docs/json.md), as HTML text.

    One file without scripts; no request leaves it (a content policy in its head says so too).
    Everything from the Case is escaped. Definitions show on hover, focus or tap of a number and
    are printed in full at the end; marks like A7 lead to the numbered assumptions. A report whose
    manifest is sealed is embedded as inert text, and the page ends in its own seal (docs/audit.md).
    """
    # The report as it is; only what the page itself shows is cleaned.
    embedded = data_block(result)
    html = framed(result, before=Markup(""), embedded=Markup(embedded))
    return sealed_page(html) if embedded else html


def framed(result: Result, before: Markup, embedded: Markup) -> str:
    """The page of a result, whole or published: ``before`` the verdict, ``embedded`` in its foot.

    A section whose keys the result does not have is left out.
    """
    result = _clean(result)
    stated = tuple(str(mark) for mark in result.get("assumptions") or ())
    explain, marks = _explainer(stated), _marker(stated)
    verdict = _verdict(result, explain, marks)
    sections = answered(result, explain, marks)
    texts = [verdict, *(section.body for section in sections)]
    sections.append(_computed(result, stated, texts, explain, marks))
    case, room = result["case"], files("seawall.report")
    values = {
        "r": result,
        "case": case,
        "as_of": numbers.moment(case["as_of"], words=True),
        "notice": NOTICE,
        "style": Markup("\n").join(
            Markup(room.joinpath(name).read_text("utf-8")) for name in STYLES
        ),
        "verdict": verdict,
        "sections": sections,
        "before": before,
        "embedded": embedded,
    }
    return str(filled("page.html.jinja", values)) + "\n"


def _clean(value: Any) -> Any:
    """The result with control and direction signs taken out of every text (names of a Case)."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _verdict(result: Result, explain: Explain, marks: Marks) -> Markup:
    """The verdict sentence, the interval strip, the four facts, the warnings."""
    verdict, head = verdict_of(result), findings.headline(result)
    values = {
        "r": result,
        "verdict": verdict,
        "flag": _flag(verdict, result),
        "title": pageparts.title(result),
        "horizon": head.horizon,
        "lead": pageparts.lead(result) if "first_to_break" in result else None,
        "remedy": pageparts.remedy(result),
        # Under check --rare the tables below DRE are those of the paths that were not tilted.
        "plain": plain(result),
        "strip": charts.strip(pageparts.points(result)[head.index], f"DRE {head.horizon}"),
        "model_text": numbers.model_interval(head.model_low, head.model_high, head.high),
        "simulation_text": numbers.interval(head.low, head.high),
        "facts": front_facts.facts(result),
        "warnings": [str(said) for said in result.get("warnings") or []],
        "warning_count": result.get("warning_count") or 0,
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("verdict.html.jinja", values)


def _flag(verdict: Verdict, result: Result) -> tuple[str, str]:
    total = len(result["limits"])
    many = f"{total} limit" + ("" if total == 1 else "s")
    missing = sum(not findings.has_value(limit) for limit in result["limits"])
    if missing == total > 1:
        many = f"none of {many} has one"
    elif missing and verdict.state == "unknown":
        many = f"{missing} of {many}"
    elif missing and verdict.state == "within":
        many = f"{total - missing} of {many}, {missing} without a value"
    if verdict.word == "NOT PROVEN":
        return "Within limits, not proven", many
    if verdict.reach:
        return f"Within limits, but the model interval reaches {verdict.way}", many
    driven = next((f", driven by {by}" for x in verdict.breached[:1] if (by := driver(x))), "")
    return {
        "breach": ("Limit breached", f"{len(verdict.breached)} of {many}{driven}"),
        "within": ("Within limits", many),
        "unknown": ("A limit has no value", many),  # and it decides the verdict
        "none": ("No limits set", ""),
    }[verdict.state]


def _explainer(stated: tuple[str, ...]) -> Explain:
    """The function ``n(text, term)``: a number that shows its definition."""
    tips = {key: escape(explained(key, stated)) for key in TERMS}

    def explain(text: object, key: str) -> Markup:
        shown = true_minus(text)
        if shown in ("–", ""):
            return escape(shown)
        return Markup(
            '<span class="k" tabindex="0" aria-describedby="d-{}" data-tip="{}">{}</span>'
        ).format(key, tips[key], shown)

    return explain


def _marker(stated: tuple[str, ...]) -> Marks:
    """The function ``marks("A3", "A9")``: links to those assumptions that the run rests on."""

    def marks(*names: str) -> Markup:
        return Markup("").join(
            Markup('<a class="a" href="#{0}" aria-label="assumption {0}">{0}</a>').format(name)
            for name in names
            if name in stated
        )

    return marks


def _computed(
    result: Result,
    stated: tuple[str, ...],
    texts: list[Markup],
    explain: Explain,
    marks: Marks,
) -> Answered:
    """The last section: manifest, assumptions, and a definition of each term that ``texts`` use."""
    del marks
    used = set(re.findall(r'aria-describedby="d-(\w+)"', "".join(texts))) | {"hash"}
    values = {
        "case": result["case"],
        "manifest": result.get("manifest") or {},
        "run_text": _run(result),
        "public": "left_out" in result,
        "assumptions": [(mark, ASSUMPTIONS.get(mark, "Not described yet.")) for mark in stated],
        "definitions": _definitions(stated, used),
        "n": explain,
    }
    return Answered("computed", "How was it computed?", filled("computed.html.jinja", values))


def _definitions(stated: tuple[str, ...], used: set[str]) -> list[tuple[str, str, str, str]]:
    """(key, title, meaning, marks) of each term that is used; its title where no text is known."""
    return [
        (key, term.title, meaning(key) or "", " ".join(m for m in term.marks if m in stated))
        for key, term in TERMS.items()
        if key in used
    ]


def _told(result: Mapping[str, Any]) -> str:
    said = foot.mechanisms(result) + foot.ledger(result) + foot.rare(result)
    said += foot.option_bounds(result)
    return (said + fewer_paths(result)).strip()


def _run(result: Mapping[str, Any]) -> str:
    versions = (result.get("manifest") or {}).get("versions") or {}
    built = ", ".join(f"{name} {text}" for name, text in versions.items() if name != "seawall")
    return (
        f"Seawall {result['version']}, seed {result['seed']}, "
        f"{findings.paths_text(int(result['paths']))} of "
        f"{result['steps']:,} steps of {numbers.horizon(result['step_seconds'])}"
        + (f"; {built}." if built else ".")
        + (f" {said}" if (said := _told(result)) else "")
    )
