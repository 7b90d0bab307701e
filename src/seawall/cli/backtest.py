"""`seawall backtest`: how often Seawall's forecasts were right, on data they were not chosen on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.backtest_incidents import AtRiskFile, IncidentFiles, judge_incidents
from seawall.cli.backtest_oracle import RoundFiles, judge_oracle
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
            help="Dates on which the method is chosen; default: the first half. The rest judges. "
            "For --incidents the last day of the fit, UNTIL; default: two years before the end. "
            "For --oracle the end of the fit, UNTIL; default: 60% of each feed's record.",
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
    incidents: IncidentFiles = None,
    at_risk: AtRiskFile = None,
    oracle: RoundFiles = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
    ] = None,
) -> None:
    """Judge forecasts and explanations on real data that they were not chosen on.

    --prices: value at risk and expected shortfall of long and short positions; the method is chosen
    on one part and judged once on the rest; and DRE of synthetic accounts, fitted on that part and
    judged on what came after it. --chains: what the P&L of a hedged option book between
    snapshots came from, and how much of it nothing explains. --incidents: how often venues,
    bridges, stablecoins, contracts and oracles fail, fitted until a date and judged after it.
    --oracle: gaps and recoveries of price feeds, fitted to rounds until a date, judged after it.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    if oracle:
        _one_of({"--oracle": oracle, "--chains": chains, "--incidents": incidents})
        judge_oracle(oracle, prices or [], fitted, seed, target, to_stdout=json == STDOUT)
        return
    _one_of({"--prices": prices, "--chains": chains, "--incidents": incidents})
    if incidents or at_risk is not None:
        judge_incidents(incidents, at_risk, fitted, seed, target, to_stdout=json == STDOUT)
        return
    if chains:
        _chains(chains, legs, target, to_stdout=json == STDOUT)
        return
    length = round(seconds(period, "--period"))
    _prices(prices or [], fitted, (level, length, seed), target, to_stdout=json == STDOUT)


def _prices(
    files: list[Path],
    fitted: str | None,
    asked: tuple[float, int, int],
    target: Path | None,
    *,
    to_stdout: bool,
) -> None:
    """``asked``: level, length of a period in seconds, seed."""
    span = None if fitted is None else _span(fitted)

    from seawall.exposure.backtest.on_prices import judge_prices
    from seawall.report import backtest_page

    level, length, seed = asked
    with progress_bar() as progress:
        result = judge_prices(
            files, fitted=span, level=level, period_seconds=length, seed=seed, progress=progress
        )
    deliver(result, backtest_page.render, target, to_stdout=to_stdout)


def _one_of(given: dict[str, list[Path] | None]) -> None:
    """Refuse a call that names no question, or several."""
    asked = [name for name, files in given.items() if files]
    if len(asked) != 1:
        raise InputError(
            f"{' and '.join(asked)} are given" if asked else "no file was given",
            file=" or ".join(given) if asked else " or ".join(dict.fromkeys([*given, "--oracle"])),
            expected="one of them, with one file at least",
        )


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
