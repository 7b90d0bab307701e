"""The answer as one HTML file: works offline, prints, explains each number where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from seawall.case.assumptions import ASSUMPTIONS
from seawall.report import charts, findings, numbers, pageparts, pagetables, split_page
from seawall.report.columns import clean
from seawall.report.counterparty_part import counterparty_part
from seawall.report.fewer_paths import fewer_paths
from seawall.report.findings import Result
from seawall.report.tail_part import tail_part
from seawall.report.terms import TERMS, explained, meaning

NOTICE = (
    "Seawall, Copyright the Seawall maintainers, Apache License 2.0 "
    "(apache.org/licenses/LICENSE-2.0). This file embeds nothing of others: "
    "style, drawings and text are Seawall's own."
)


def render(result: Result) -> str:
    """The report of `seawall check` for one result dict (docs/json.md), as HTML text.

    One file without scripts; no request leaves it (a content policy in its head says so too).
    Everything from the Case is escaped. Definitions show on hover, focus or tap of a number and
    are printed in full at the end; marks like A7 lead to the numbered assumptions.
    """
    # Imported here: only this page needs the template engine.
    from jinja2 import Environment, StrictUndefined

    room = files("seawall.report")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(room.joinpath("page.html.jinja").read_text("utf-8"))
    style = Markup(room.joinpath("page.css").read_text("utf-8"))
    return template.render(style=style, notice=NOTICE, **view(_clean(result))) + "\n"


def _clean(value: Any) -> Any:
    """The result with control and direction signs taken out of every text (names of a Case)."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def view(result: Result) -> dict[str, Any]:
    """Everything the template prints, by name."""
    verdict, head = findings.verdict(result), findings.headline(result)
    stated = tuple(str(mark) for mark in result.get("assumptions") or ())
    case = result["case"]
    return {
        "r": result,
        "case": case,
        "quote": case["quote"],
        "as_of": numbers.moment(case["as_of"], words=True),
        "verdict": verdict,
        "head": head,
        "title": pageparts.title(result),
        "lead": pageparts.lead(result),
        # Under check --rare the tables below DRE are those of the paths that were not tilted.
        "plain": "plain " if "rare" in result else "",
        "flag": _flag(verdict, result),
        "n": _explainer(stated),
        "marks": _marker(stated),
        "strip": charts.strip(pageparts.points(result)[head.index], f"DRE {head.horizon}"),
        "curve": charts.curve(pageparts.points(result), head.scope),
        "model_text": numbers.model_interval(head.model_low, head.model_high, head.high),
        "simulation_text": numbers.interval(head.low, head.high),
        "facts": pageparts.facts(result),
        "survive": pageparts.survive(result),
        "split": split_page.split(result, _explainer(stated), _marker(stated)),
        "first": pagetables.first(result),
        "pays": pagetables.pays(result),
        "system": pagetables.system(result),
        "leaving": pagetables.leaving(result),
        "counterparty": counterparty_part(result, _explainer(stated), _marker(stated)),
        "tail": tail_part(result, _explainer(stated), _marker(stated)),
        "limits": pagetables.limits(result),
        "remedy": pagetables.remedy(result),
        "numbers": numbers,
        "true_minus": true_minus,
        "run_text": _run(result),
        "warnings": [str(said) for said in result.get("warnings") or []],
        "assumptions": [(mark, ASSUMPTIONS.get(mark, "Not described yet.")) for mark in stated],
        "definitions": _definitions(stated),
    }


def _flag(verdict: findings.Verdict, result: Result) -> tuple[str, str]:
    total = len(result["limits"])
    many = f"{total} limit" + ("" if total == 1 else "s")
    missing = sum(not numbers.known(limit["value"]) for limit in result["limits"])
    if missing and verdict.state == "within":
        many = f"{total - missing} of {many}, {missing} without a value"
    return {
        "breach": ("Limit breached", f"{len(verdict.breached)} of {many}"),
        "within": ("Within limits", many),
        "unknown": ("A limit has no value", many),  # and it decides the verdict
        "none": ("No limits set", ""),
    }[verdict.state]


def true_minus(text: object) -> str:
    """A minus sign for the hyphen before a digit, an en dash for "not known"."""
    plain = str(text)
    return "–" if plain == numbers.UNKNOWN else re.sub(r"(?<![\w-])-(?=\d)", "−", plain)


def _explainer(stated: tuple[str, ...]) -> Callable[..., Markup]:
    """The function ``n(text, term)``: a number that shows its definition."""
    tips = {key: escape(explained(key, stated)) for key in TERMS}

    def explain(text: object, key: str) -> Markup:
        shown = true_minus(text)
        if shown in ("–", ""):
            return escape(shown)
        return Markup('<span class="k" tabindex="0" data-tip="{}">{}</span>').format(
            tips[key], shown
        )

    return explain


def _marker(stated: tuple[str, ...]) -> Callable[..., Markup]:
    """The function ``marks("A3", "A9")``: links to those assumptions that the run rests on."""

    def marks(*names: str) -> Markup:
        return Markup("").join(
            Markup('<a class="a" href="#{0}">{0}</a>').format(name)
            for name in names
            if name in stated
        )

    return marks


def _definitions(stated: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(title, meaning, marks) of each term that has a definition."""
    rows = []
    for key, term in TERMS.items():
        text = meaning(key)
        if text:
            rows.append((term.title, text, " ".join(m for m in term.marks if m in stated)))
    return rows


def _told(result: Mapping[str, Any]) -> str:
    said = findings.mechanisms(result) + findings.ledger(result) + findings.rare(result)
    return (said + fewer_paths(result)).strip()


def _run(result: Mapping[str, Any]) -> str:
    versions = (result.get("manifest") or {}).get("versions") or {}
    built = ", ".join(f"{name} {text}" for name, text in versions.items() if name != "seawall")
    return (
        f"Seawall {result['version']}, seed {result['seed']}, {result['paths']:,} paths of "
        f"{result['steps']:,} steps of {numbers.horizon(result['step_seconds'])}"
        + (f"; {built}." if built else ".")
        + (f" {said}" if (said := _told(result)) else "")
    )
