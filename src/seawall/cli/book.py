"""`seawall mechanism book`: impact laws against walks through a recorded order book."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output
from seawall.foundation.errors import InputError

WORDS = {"book_walk": "book walk", "linear": "linear", "square_root": "square root"}


def book(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recorded book, .gz or plain.")],
    fit_seconds: Annotated[float, typer.Option(help="Books that a law is fitted to.")] = 60.0,
    test_seconds: Annotated[float, typer.Option(help="Later books that are walked.")] = 30.0,
    every: Annotated[float, typer.Option(help="Seconds from one book to the next.")] = 0.25,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """What exits cost in later books, and how far each fitted law is off, by size and side."""
    from seawall.connect.book_study import study_book

    for name, value in (
        ("--fit-seconds", fit_seconds),
        ("--test-seconds", test_seconds),
        ("--every", every),
    ):
        if not value > 0.0:
            raise InputError(f"{value:g}", file=name, expected="a number of seconds above 0")
    if not file.is_file():
        raise InputError("there is no such file", file=str(file), expected="a recorded order book")
    found = study_book(
        file, fit_seconds=fit_seconds, test_seconds=test_seconds, every_seconds=every
    )
    output.say(json_format.dumps(found, indent=2) if json else table(found))


def table(found: dict[str, Any]) -> str:
    """The answer as lines of text."""
    from seawall.connect.book_study import TOLERANCE, within

    lines = [
        f"{found['books']} books of {found['seconds']:.0f} s, mid {found['mid']:,.6g}; fitted on "
        f"{found['fit_seconds']:g} s, walked in the next {found['test_seconds']:g} s, "
        f"{found['windows']} times",
        "error = cost foreseen / cost walked - 1; in brackets the extremes of single windows",
    ]
    for side, walked in found["walked"].items():
        lines += [
            "",
            f"{side:>14}  {'walked, bp':>10}" + "".join(f"{w:>22}" for w in WORDS.values()),
        ]
        for n, size in enumerate(found["sizes"]):
            cost = "-" if walked[n] is None else f"{1e4 * walked[n]:.3f}"
            cells = "".join(f"{_cell(found['errors'][law][side][n]):>22}" for law in WORDS)
            lines.append(f"{size:14,.0f}  {cost:>10}{cells}")
    lines.append("")
    for law, words in WORDS.items():
        good = within(found["errors"][law]["both"], found["sizes"])
        named = ", ".join(f"{size:,.0f}" for size in good) or "no size"
        lines.append(f"within {TOLERANCE:.0%}, both sides together, {words}: {named}")
    return "\n".join(lines)


def _cell(error: dict[str, float] | None) -> str:
    if error is None:
        return "-"
    return f"{error['error']:+.0%} [{error['low']:+.0%}, {error['high']:+.0%}]"
