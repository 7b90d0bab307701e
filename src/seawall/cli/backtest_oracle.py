"""`seawall backtest --oracle`: price feeds fitted to recorded rounds and judged on later ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.bar import progress_bar
from seawall.cli.margin import deliver
from seawall.foundation.errors import InputError

RoundFiles = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Recorded rounds of price feeds, with --prices; repeatable."),
]


def judge_oracle(
    rounds: list[Path],
    prices: list[Path],
    fitted: str | None,
    seed: int,
    target: Path | None,
    *,
    to_stdout: bool,
) -> None:
    """Fit each feed to its rounds before a date, and print how the model did on the later ones."""
    if not prices:
        raise InputError("--oracle has no market beside it", expected="--prices FILE too")
    until = None if fitted is None else _until(fitted)

    from seawall.exposure.backtest.oracle_answer import backtest_oracle
    from seawall.report import oracle_page

    with progress_bar() as progress:
        result = backtest_oracle(rounds, prices, until=until, seed=seed, progress=progress)
    deliver(result, oracle_page.render, target, to_stdout=to_stdout)


def _until(text: str) -> datetime:
    """The moment before which rounds are fitted; of a stretch of dates, its end."""
    try:
        moment = datetime.fromisoformat(text.rpartition("..")[2])
    except ValueError:
        raise InputError(
            f"{text!r} is no date", file="--fitted", expected="a date such as 2023-10-15"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
