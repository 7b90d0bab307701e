"""`seawall backtest`: how often Seawall's forecasts were right, on data they were not chosen on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds
from seawall.cli.margin import STDOUT, deliver, target_of
from seawall.foundation.errors import InputError


def backtest(
    prices: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Bars (ts, close, symbol), Parquet or CSV; repeatable."),
    ] = None,
    fitted: Annotated[
        str | None,
        typer.Option(
            metavar="FROM..UNTIL",
            help="Dates on which the method is chosen; default: the first half. The rest judges.",
        ),
    ] = None,
    level: Annotated[float, typer.Option(metavar="L", help="Level of value at risk.")] = 0.99,
    period: Annotated[str, typer.Option(metavar="D", help="Length of a period.")] = "1d",
    seed: Annotated[int, typer.Option(min=0, help="Seed of simulated p-values.")] = 1,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
    ] = None,
) -> None:
    """Judge forecasts on prices: value at risk and expected shortfall of long and short positions.

    The method is chosen on one part and judged once on the rest, by asset and over all at once.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    if not prices:
        raise InputError("no file was given", file="--prices", expected="one file of bars at least")
    span = None if fitted is None else _span(fitted)

    from seawall.exposure.backtest.answer import backtest_prices
    from seawall.report import backtest_page

    with progress_bar() as progress:
        result = backtest_prices(
            prices,
            fitted=span,
            level=level,
            period_seconds=round(seconds(period, "--period")),
            seed=seed,
            progress=progress,
        )
    deliver(result, backtest_page.render, target, to_stdout=json == STDOUT)


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        first, last = (datetime.fromisoformat(part) for part in text.split(".."))
    except ValueError:
        raise InputError(
            f"{text!r} is no stretch of dates",
            file="--fitted",
            expected="two dates such as 2021-07-01..2022-05-31",
        ) from None
    return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
