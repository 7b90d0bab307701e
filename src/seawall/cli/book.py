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
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.connect.book_study import TOLERANCE, within
    from seawall.report.margin_page import column
    from seawall.report.study_page import study_page

    head = [
        f"{found['books']} books of {found['seconds']:.0f} s, mid {found['mid']:,.6g}; fitted on "
        f"{found['fit_seconds']:g} s, walked in the next {found['test_seconds']:g} s, "
        f"{found['windows']} times",
        "error = cost foreseen / cost walked - 1; in brackets the extremes of single windows",
    ]
    sizes = found["sizes"]
    rows = range(len(sizes))
    pages = [study_page(head, (), width=width, colour=colour)]
    for side, walked in found["walked"].items():
        costs = ["-" if cost is None else f"{1e4 * cost:.3f}" for cost in walked]
        columns = [
            column(side, rows, lambda n: f"{sizes[n]:,.0f}"),
            column("walked, bp", costs, str),
            *(
                column(words, found["errors"][law][side], _cell, wraps=True)
                for law, words in WORDS.items()
            ),
        ]
        pages.append(study_page((), columns, width=width, colour=colour))
    foot = []
    for law, words in WORDS.items():
        good = within(found["errors"][law]["both"], sizes)
        named = ", ".join(f"{size:,.0f}" for size in good) or "no size"
        foot.append(f"within {TOLERANCE:.0%}, both sides together, {words}: {named}")
    return "\n".join([*pages, study_page((), (), foot, width=width, colour=colour)])


def _cell(error: dict[str, float] | None) -> str:
    if error is None:
        return "-"
    return f"{error['error']:+.0%} [{error['low']:+.0%}, {error['high']:+.0%}]"
