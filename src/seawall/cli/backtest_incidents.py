"""`seawall backtest --incidents`: failures of counterparties, fitted until a date and judged."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.bar import progress_bar
from seawall.cli.margin import deliver
from seawall.foundation.errors import InputError

IncidentFiles = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Dated incidents, CSV: hazards by kind; repeatable."),
]
AtRiskFile = Annotated[
    Path | None,
    typer.Option(
        "--list", metavar="FILE", help="Who was at risk when, for --incidents; else assumed."
    ),
]


def judge_incidents(
    files: list[Path] | None,
    listed: Path | None,
    fitted: str | None,
    seed: int,
    target: Path | None,
    *,
    to_stdout: bool,
) -> None:
    """Fit hazards to the incidents until a date, and print how they did on the later ones."""
    if not files:
        raise InputError(
            "a list of who was at risk, without incidents", file="--list", expected="--incidents"
        )
    span = None if fitted is None else until_date(fitted)

    from seawall.exposure.counterparty.answer import backtest_incidents
    from seawall.report import incidents_page

    with progress_bar() as progress:
        result = backtest_incidents(files, listed=listed, fitted=span, seed=seed, progress=progress)
    deliver(result, incidents_page.render, target, to_stdout=to_stdout)


def until_date(text: str) -> tuple[date | None, date]:
    """(from or None, until) of ``2021-12-31`` or ``2017-01-01..2021-12-31``."""
    first, dots, last = text.rpartition("..")
    try:
        return (date.fromisoformat(first) if dots else None), date.fromisoformat(last)
    except ValueError:
        raise InputError(
            f"{text!r} is no date, and no stretch of dates",
            file="--fitted",
            expected="the last day of the fit such as 2021-12-31, or 2017-01-01..2021-12-31",
        ) from None
