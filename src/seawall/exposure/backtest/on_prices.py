"""All that `seawall backtest --prices` judges: value at risk, then DRE, then forced liquidations.

A history too short for value at risk may be long enough for accounts of a day: the sentence that
says so then stands in its place (key ``refused``). Where neither has an answer it is the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import seawall
from seawall.exposure.backtest.answer import FITTED_SHARE, LEVEL, SCHEMA, backtest_prices
from seawall.exposure.backtest.price_tails import TooShortError
from seawall.exposure.backtest.reality.answer import against_reality
from seawall.exposure.backtest.reality.bars import Series, read_series
from seawall.exposure.backtest.reality.forced import forced_liquidations

TAIL_SHARE, REALITY_SHARE = 0.4, 0.6
Progress = Callable[[float, str], None]


def judge_prices(
    files: Sequence[Path],
    *,
    fitted: tuple[datetime, datetime] | None = None,
    level: float = LEVEL,
    period_seconds: int = 86_400,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The dict of docs/backtests.md for bars in ``files``; ``fitted`` from, and until before.

    Raises InputError for what cannot be read, for a fitted stretch that ends before it begins, and
    where nothing at all can be judged.
    """
    tell = progress or (lambda share, text: None)
    series = read_series(files)
    tell(0.0, "value at risk")
    try:
        result = backtest_prices(
            files,
            fitted=fitted,
            level=level,
            period_seconds=period_seconds,
            seed=seed,
            progress=lambda share, text: tell(TAIL_SHARE * share, text),
        )
    except TooShortError as refusal:
        result = {
            "schema": SCHEMA,
            "version": seawall.__version__,
            "seed": seed,
            "files": [file.name for file in files],
            "refused": str(refusal),
        }
        first_refusal = refusal
    result["dre"] = against_reality(
        series,
        stretch_of(series, fitted),
        seed,
        lambda share, text: tell(TAIL_SHARE + REALITY_SHARE * share, text),
    )
    result["forced_liquidations"] = forced_liquidations(series)
    if "refused" in result and not result["dre"]["horizons"]:
        raise first_refusal
    tell(1.0, "done")
    return result


def stretch_of(
    series: Sequence[Series], fitted: tuple[datetime, datetime] | None
) -> tuple[int, int]:
    """From, and until before, seconds since 1970: as told, or the first half of the time."""
    if fitted is not None:
        return int(fitted[0].timestamp()), int(fitted[1].timestamp())
    first = min(int(one.end[0]) - one.seconds for one in series)
    last = max(int(one.end[-1]) for one in series)
    return first, first + round(FITTED_SHARE * (last - first))
