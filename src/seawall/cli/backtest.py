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
    chains: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Option chains in Parquet: P&L explain; repeatable."),
    ] = None,
    legs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Options of the book of --chains.")
    ] = 300,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
    ] = None,
) -> None:
    """Judge forecasts and explanations on real data that they were not chosen on.

    --prices: value at risk and expected shortfall of long and short positions; the method is chosen
    on one part and judged once on the rest. --chains: what the P&L of a hedged option book between
    snapshots came from, and how much of it nothing explains.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    if bool(prices) == bool(chains):
        raise InputError(
            "both are given" if prices else "no file was given",
            file="--prices and --chains",
            expected="one of the two, with one file at least",
        )
    if chains:
        _chains(chains, legs, target, to_stdout=json == STDOUT)
        return
    span = None if fitted is None else _span(fitted)

    from seawall.exposure.backtest.answer import backtest_prices
    from seawall.report import backtest_page

    with progress_bar() as progress:
        result = backtest_prices(
            prices or [],
            fitted=span,
            level=level,
            period_seconds=round(seconds(period, "--period")),
            seed=seed,
            progress=progress,
        )
    deliver(result, backtest_page.render, target, to_stdout=json == STDOUT)


def _chains(files: list[Path], legs: int, target: Path | None, *, to_stdout: bool) -> None:
    import polars as pl

    from seawall.connect.chain_legs import TICKS, intervals, neighbours
    from seawall.connect.deribit_chain import read_chain
    from seawall.exposure.pnl.intervals import explain_intervals
    from seawall.report import pnl_page

    chain = pl.concat([read_chain(file) for file in files])
    with progress_bar() as progress:
        result = explain_intervals(intervals(chain, legs), TICKS, len(neighbours(chain)), progress)
    result["files"] = [file.name for file in files]
    result["legs"] = legs
    deliver(result, pnl_page.render, target, to_stdout=to_stdout)


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
