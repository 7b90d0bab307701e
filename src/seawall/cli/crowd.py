"""`seawall mechanism crowd`: how much a crowd's numbers matter; its leverage from liquidations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds
from seawall.foundation.errors import InputError
from seawall.foundation.table_file import parsed_table

if TYPE_CHECKING:
    from seawall.case import Case
    from seawall.crowd.calibrate import FittedCrowd, Interval

COLUMNS = ("time", "price", "side", "notional")
WORDS = {"dre": "DRE", "bad_debt": "bad debt", "liquidated": "liquidated"}
NOT_OBSERVED = (
    "leverage and concentration are as stated in the case: no liquidations were given to fit them"
)


def crowd(
    folder: ask.CaseFolder = None,
    liquidations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Columns time, price, side (long, short), notional."),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Bars around them, of one symbol.")
    ] = None,
    instrument: Annotated[
        str | None, typer.Option(metavar="NAME", help="The perpetual that was liquidated.")
    ] = None,
    venue: Annotated[str | None, typer.Option(metavar="NAME", help="Where.")] = None,
    window: Annotated[
        str, typer.Option(metavar="TIME", help="How long a crowd's positions last.")
    ] = "1d",
    step: Annotated[float, typer.Option(help="Numbers are moved by this share.")] = 0.15,
    horizon: ask.Horizon = "24h",
    paths: Annotated[int, typer.Option(metavar="N", min=10, help="Of each run.")] = 400,
    seed: ask.Seed = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of the page.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Elasticities of DRE and bad debt to each number of the crowd; leverage from liquidations."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.crowd_sensitivity import sensitivities
    from seawall.mechanism.paired_runs import Plan

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    fitted = None
    if liquidations is not None:
        if prices is None or instrument is None or venue is None:
            raise InputError(
                "liquidations alone do not say how far prices moved, and where",
                file="--liquidations",
                expected="--prices, --instrument and --venue with it",
            )
        fitted = _fitted(case, liquidations, prices, instrument, venue, window, seed)
    steps = max(1, round(seconds(horizon, "--horizon") / case.step_seconds))
    with progress_bar() as progress:
        found = sensitivities(case, Plan(paths, steps, seed), step, progress)
    found["fitted"] = None if fitted is None else _numbers(fitted)
    if json:
        from json import dumps

        output.say_exactly(dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
        return
    output.say(_page(_fit_lines(fitted), found))


def _fitted(
    case: Case, file: Path, prices: Path, instrument: str, venue: str, window: str, seed: int
) -> FittedCrowd:
    """The crowd of one venue's perpetual, fitted to a table of its liquidations."""
    import numpy as np

    from seawall.crowd.calibrate import Margins, fit_crowd, windows_of
    from seawall.crowd.perpetuals import INITIAL_BUFFER, MAINTENANCE_BUFFER
    from seawall.margin.table.listing import tiers_of
    from seawall.scenario.fit.prices import read_prices

    state = case.market.instruments.get(instrument)
    named = {item.name: item for item in case.book.instruments}
    if state is None or not state.open_interest or venue not in case.rulebooks:
        raise InputError(
            f"case {case.name} has no {instrument} with an open interest at {venue!r}",
            expected="a perpetual and a venue of the case",
        )
    at, level, side, notional = _table(file)
    bars = read_prices([prices])
    if len(bars.assets) != 1:
        raise InputError(
            f"{prices} holds {len(bars.assets)} symbols", file="--prices", expected="one symbol"
        )
    known = np.isfinite(bars.close[:, 0])
    time = np.concatenate([bars.times[known], at])
    price = np.concatenate([bars.close[known, 0], level])
    order = np.argsort(time, kind="stable")
    tier = tiers_of(case.rulebooks[venue], named[instrument])[0]
    largest = min(
        tier.max_leverage / INITIAL_BUFFER, 1.0 / (MAINTENANCE_BUFFER * tier.maintenance_rate)
    )
    interest = state.open_interest * float(np.median(price))
    shares = [spec.long_share or {} for spec in case.crowds if spec.venue == venue]
    long = shares[0].get(instrument, 0.5) if shares else 0.5
    # The larger side is the open interest.
    unit = interest / max(long, 1.0 - long)
    windows = windows_of(
        time[order],
        price[order],
        round(seconds(window, "--window")),
        at,
        side,
        notional,
        (unit * long, unit * (1.0 - long)),
    )
    return fit_crowd(windows, notional, Margins(tier.maintenance_rate, largest), seed)


def _table(file: Path) -> tuple[Any, Any, Any, Any]:
    """Times (seconds), prices, sides (1 long closed, -1 short) and notionals of a table."""
    import numpy as np
    import polars as pl

    table = parsed_table(file, COLUMNS, "a table")
    sides = table["side"].cast(pl.String).to_list()
    wrong = next((n for n, word in enumerate(sides) if word not in ("long", "short")), None)
    if wrong is not None:
        raise InputError(
            f"is {sides[wrong]!r}",
            file=str(file),
            row=wrong + 2,
            column="side",
            expected="long or short: the side of the position that was closed",
        )
    numbers = []
    for name in ("price", "notional"):
        values = table[name].cast(pl.Float64, strict=False).to_numpy()
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0.0)))
        if bad.size:
            n = int(bad[0])
            raise InputError(
                f"is {table[name][n]!r}",
                file=str(file),
                row=n + 2,
                column=name,
                expected="a number above 0",
            )
        numbers.append(values)
    if not table.schema["time"].is_temporal():
        raise InputError(
            "holds no times", file=str(file), column="time", expected="2024-05-01 12:00:00 (UTC)"
        )
    at = table["time"].dt.epoch("s").to_numpy().astype(np.int64)
    return at, numbers[0], np.array([1.0 if word == "long" else -1.0 for word in sides]), numbers[1]


def _numbers(fitted: FittedCrowd) -> dict[str, Any]:
    def one(interval: Interval | None) -> dict[str, float] | None:
        if interval is None:
            return None
        return {"value": interval.value, "low": interval.low, "high": interval.high}

    return {
        "median": one(fitted.median),
        "log_sd": one(fitted.log_sd),
        "size_log_sd": one(fitted.size_log_sd),
        "windows": fitted.windows,
        "liquidations": fitted.liquidations,
    }


def _fit_lines(fitted: FittedCrowd | None) -> list[str]:
    if fitted is None:
        return [NOT_OBSERVED]
    lines = [f"fitted to {fitted.liquidations:,} liquidations in {fitted.windows} windows"]
    for words, number in (
        ("median leverage", fitted.median),
        ("spread of leverage (log-sd)", fitted.log_sd),
        ("concentration (log-sd of sizes)", fitted.size_log_sd),
    ):
        if number is None:
            lines.append(f"  {words:34} too few liquidations")
            continue
        lines.append(f"  {words:34}{number.value:8.3g}   ({number.low:.3g} to {number.high:.3g})")
    return lines


def _page(fit: list[str], found: dict[str, Any]) -> str:
    """What was fitted, then the elasticities, in lines as wide as the terminal."""
    from seawall.report.columns import clean
    from seawall.report.margin_page import column
    from seawall.report.study_page import study_page

    base, rows = found["base"], found["rows"]
    head = [
        f"elasticities, numbers x and / {1.0 + found['step']:g}, {found['paths']:,} paths of "
        f"{found['horizon_seconds'] / 3600:g} h; 95% intervals by resampling them",
        f"base: DRE {base['dre']:.2%} ({round(base['dre'] * found['paths'])} paths), "
        f"bad debt {base['bad_debt']:,.4g}, "
        f"liquidated {base['liquidated']:,.4g}, quote",
    ]
    columns = [
        column("", rows, lambda r: f"{clean(r['venue'])}: {r['number']}", "l", wraps=True),
        column("value", rows, lambda r: f"{r['value']:.4g}"),
        *(
            column(words, [r["elasticity"][name] for r in rows], _cell, "l", wraps=True)
            for name, words in WORDS.items()
        ),
    ]
    width, colour = output.width(), output.colour()
    above = study_page(fit, (), width=width, colour=colour)
    return f"{above}\n{study_page(head, columns, width=width, colour=colour)}"


def _cell(number: dict[str, float] | None) -> str:
    if number is None:
        return "too rare"
    return f"{number['value']:+.2f} ({number['low']:+.2f} to {number['high']:+.2f})"
