"""`seawall scenarios fit`: a model of paths from real prices, judged on prices it did not see."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import output
from seawall.cli.bar import progress_bar
from seawall.foundation.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from seawall.scenario.fit.prices import Prices
    from seawall.scenario.fit.skew import DatedMoves, TermSkew


Files = Annotated[
    list[Path], typer.Option("--prices", metavar="FILE", help="Bars, Parquet or CSV; repeat.")
]
Symbols = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="Symbols, the first the reference of jumps; BTC=BTCUSDT names one. Default: all, by "
        "name.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Fit up to here (UTC); default: two thirds of the time."),
]
Chains = Annotated[
    list[Path] | None,
    typer.Option("--chains", metavar="FILE", help="Option chains, for skew stickiness; repeat."),
]
Total = Annotated[bool, typer.Option("--total", help='History as it was seen, label "total".')]
Branching = Annotated[
    float, typer.Option(min=0.0, max=0.95, help="Prior n of the crowd that is taken out.")
]
BranchingError = Annotated[float, typer.Option(min=0.0, max=0.5, help="Of --branching.")]
Recovery = Annotated[float, typer.Option(min=1.0, help="Seconds in which impact decays.")]
Permanent = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of impact that stays.")]
Renewal = Annotated[float, typer.Option(min=1.0, help="Seconds a crowd's positions last.")]
DepthError = Annotated[float, typer.Option(min=0.0, max=2.0, help="Prior, relative.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Tables for a Case's market.toml; how: its first lines."),
]


def fit(
    prices: Files,
    model: Annotated[str, typer.Option(metavar="NAME", help="See `seawall scenarios list`.")],
    symbols: Symbols = None,
    until: Until = None,
    chains: Chains = None,
    total: Total = False,
    branching: Branching = 0.3,
    branching_error: BranchingError = 0.15,
    recovery: Recovery = 3_600.0,
    permanent: Permanent = 0.0,
    renewal: Renewal = 86_400.0,
    depth_error: DepthError = 0.5,
    paths: Annotated[int, typer.Option(min=40, help="Histories drawn to judge by.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Out = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of the page.")] = False,
) -> None:
    """Fit a model to prices up to a date; report how it does on the later ones.

    The crowd's own feedback is taken out of the history first, by a stated prior, unless --total.
    """
    from seawall.scenario.fit.exogenous import CrowdResponse
    from seawall.scenario.fit.prices import read_prices, split_time
    from seawall.scenario.fit.run import fit_model
    from seawall.scenario.fit.written import Prior

    if out is not None:
        output.check_target(out, "--out")
    response = None if total else CrowdResponse(branching, recovery, permanent, renewal)
    prior = Prior(response, branching_error, depth_error)
    bars = read_prices(prices, _symbols(symbols))
    time = split_time(bars, _moment(until))
    skew = _skew(chains or [], bars.assets, _moment(until), seed)
    with progress_bar() as progress:
        found = fit_model(bars, model, time, prior, skew, paths, seed, progress)
    if out is not None:
        output.write_files({out: found.toml} | _history(model, out, found.early))
    if json:
        from json import dumps

        output.say_exactly(dumps(found.answer, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from seawall.report.scenario_fit_page import render

    output.say(render(found.answer, output.width(), colour=output.colour()))


def _history(model: str, out: Path, early: Prices) -> dict[Path, str]:
    """The bootstrap's history, beside the TOML: both belong into the Case's folder."""
    if model != "bootstrap":
        return {}
    from seawall.scenario.fit.bootstrap import HISTORY
    from seawall.scenario.fit.written import history_csv

    return {out.parent / HISTORY: history_csv(early)}


def _symbols(text: str | None) -> dict[str, str] | None:
    """{asset: symbol} from ``BTC=BTCUSDT,ETHUSDT``."""
    if text is None:
        return None
    from seawall.scenario.fit.prices import asset_of

    found: dict[str, str] = {}
    for part in text.split(","):
        asset, _, symbol = part.strip().rpartition("=")
        name = asset or asset_of(symbol)
        if not symbol or name in found:
            raise InputError(
                f"{part!r} of {text!r}",
                file="--symbols",
                expected="symbols with commas between them, each asset once: BTC=BTCUSDT,ETHUSDT",
            )
        found[name] = symbol
    return found


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text!r} is not a time", file="--until", expected="a date such as 2024-01-31"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _skew(
    files: list[Path], assets: tuple[str, ...], until: datetime | None, seed: int
) -> dict[str, tuple[TermSkew, ...]]:
    """Skew stickiness of each asset that the chains have: fitted on all files but the last where
    there are several and no date falls within them, judged on what is left.
    """
    if not files:
        return {}
    import polars as pl

    from seawall.connect.deribit_chain import read_chain
    from seawall.connect.option_quotes import underlyings
    from seawall.scenario.fit.skew import skew_terms

    tables = [read_chain(file) for file in files]
    chain = pl.concat(tables).sort("timestamp")
    times = chain["timestamp"]
    first, last = times[0], times[-1]
    if until is not None and first < until < last:
        split = until
    elif len(tables) > 1:
        split = max(table["timestamp"].sort()[-1] for table in tables[:-1])
    else:
        split = first + (last - first) / 2
    found = {}
    for name in underlyings(chain):
        if name in assets:
            parts = (chain.filter(times <= split), chain.filter(times > split))
            early, later = (_dated(part, name) for part in parts)
            found[name] = skew_terms(early, later, seed)
    return found


def _dated(chain: pl.DataFrame, name: str) -> DatedMoves:
    """The smile's moves with the day on which each ended."""
    import numpy as np
    import polars as pl

    from seawall.connect.option_quotes import smile_moves
    from seawall.scenario.fit.skew import DatedMoves

    moves = smile_moves(chain, name, None)
    mine = chain.filter(pl.col("currency") == name)["timestamp"].unique().sort()
    days = mine.dt.epoch("d").to_numpy().astype(np.int64)
    return DatedMoves(moves, days[moves.interval])
