"""The tail on the HTML page: one table a desk, what leaving adds, protocol at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from seawall.report import numbers, tail_words
from seawall.report.findings import Result, level_text
from seawall.report.templates import Explain, Marks, filled

DESKS = 4


def tail_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """The block as HTML, escaped; empty for results without it.

    explain: text of a number and the term it is explained by; marks: links to assumptions.
    """
    desks = tail_words.tail_desks(result)
    scopes = tail_words.at_risk_rows(result)
    if not desks and not scopes:
        return Markup("")
    levels = (result.get("tail") or {}).get("levels") or []
    heads = [
        (f"{short} {level_text(level)}", "tail_var" if short == "VaR" else "tail_es")
        for short, _ in tail_words.COLUMNS
        for level in levels
    ]
    values = {
        "n": explain,
        "marks": marks,
        "heads": heads,
        "desks": [_desk(result, desk) for desk in desks[:DESKS]],
        "more": max(0, len(desks) - DESKS),
        "scopes": scopes,
        "definitions": tail_words.DEFINITIONS,
        "horizon": numbers.horizon(result["horizon_seconds"]),
        "paths": f"{result['paths']:,}",
    }
    return filled("tail.html.jinja", values)


def _desk(result: Result, desk: Mapping[str, Any]) -> dict[str, Any]:
    scale, letter = tail_words.scale_of(desk)
    said = [
        *tail_words.not_known(desk),
        tail_words.rests_on(result, desk),
        tail_words.power_words(result, desk),
    ]
    left = (
        []
        if "exit" not in desk
        else [
            ("tail_slow", tail_words.slowly(result, desk)),
            ("tail_once", tail_words.at_once(result, desk)),
            ("tail_spread", tail_words.by_spread(desk)),
        ]
    )
    return {
        "owner": desk["owner"],
        "finding": finding(result, desk),
        "unit": f"{letter} {result['case']['quote']}".strip(),
        "rows": [
            {
                "method": _first_up(tail_words.method_words(row)),
                "cells": [
                    tail_words.cell(row, key, i, scale)
                    for _, key in tail_words.COLUMNS
                    for i in range(len(result["tail"]["levels"]))
                ],
            }
            for row in tail_words.known_rows(desk)
        ],
        "said": [_first_up(text) + "." for text in said if text],
        "left": [(term, *_first_up(text).split(": ", 1)) for term, text in left if ": " in text],
    }


def finding(result: Result, desk: Mapping[str, Any]) -> str:
    """What the paths say, at the highest level that enough of them lie beyond."""
    index = tail_words.firm_level(desk)
    value = desk["rows"][0]["value_at_risk"][index]
    if not numbers.known(value):
        return "How much it could lose is not known"
    amount = numbers.money(abs(value))
    chance = f"{(1 - result['tail']['levels'][index]) * 100:.3g}%"
    who = "the desk" if len(result["tail"]["desks"]) == 1 else f"desk {desk['owner']}"
    if value < 0:
        return f"In all but {chance} of paths {who} gains {amount} or more"
    return f"In {chance} of paths {who} loses more than {amount}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
