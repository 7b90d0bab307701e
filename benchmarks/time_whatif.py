"""How long a what-if takes in a warm process: `python benchmarks/time_whatif.py [LEGS] [PRESETS]`.

A made-up options desk under each preset (names with commas; without them Deribit's): half calls,
half puts, long and short, six expiries, two underlyings. Prints the fastest and the median of a
number of calls: milliseconds of the clock, which neighbours on the machine slow down, and of the
processor. Kernels are compiled first, as they are in a process that has been up for a while.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.instruments import Option
from seawall.margin.portfolio.many_options import prepare
from seawall.market import AssetState, InstrumentState, Market
from seawall.venues.preset import rulebook_from
from seawall.whatif.compare import what_if

AS_OF = datetime(2026, 1, 30, 16, tzinfo=UTC)
SPOT = {"BTC": 80_000.0, "ETH": 2_700.0}
DAYS = (7, 14, 28, 56, 91, 182)
# Presets that take no coin of an underlying as collateral.
IN_DOLLARS = ("paradex",)


def made_up_case(legs: int, preset: str = "deribit") -> Case:
    """A desk of two accounts with ``legs`` inverse options in all, strikes 60% to 140% of spot.

    preset  the venue's rules
    """
    coins = tuple(SPOT)
    account = np.arange(legs) % len(coins)
    options, states = [], {}
    for n in range(legs):
        coin, days = coins[n % 2], DAYS[(n // 4) % len(DAYS)]
        strike = round(SPOT[coin] * (0.6 + 0.8 * ((n * 37) % 101) / 100.0), 2)
        call = n % 4 < 2
        name = f"{coin}-{days}D-{strike:g}-{'C' if call else 'P'}-{n}"
        options.append(Option(name, coin, coin, AS_OF + timedelta(days=days), strike, call))
        smile = 0.5 + 0.3 * abs(float(np.log(strike / SPOT[coin])))
        states[name] = InstrumentState(mark=SPOT[coin] * 1.002, implied_volatility=smile)
    dollar = AssetState(1.0, 1.0, 1.0, 0.0, 1e12, 1e12)
    assets = {"USD": dollar}
    assets.update({c: AssetState(s, s, s, 0.5, 1e9, 1e9) for c, s in SPOT.items()})
    assets["USDC"] = dollar
    # Coins of the underlyings; where those are no collateral, as many dollars as they are worth.
    in_dollars = preset in IN_DOLLARS
    margin_coin = np.array([3, 3] if in_dollars else [1, 2], dtype=np.int64)
    kept = 0.8 * np.array(list(SPOT.values())) if in_dollars else np.array([1.2, 1.2])
    size = np.where(np.arange(legs) // 2 % 2 == 0, 10.0, -10.0)
    book = Book(
        account_names=tuple(f"desk/{c}" for c in coins),
        account_venue=(preset,) * 2,
        account_owner=("desk",) * 2,
        account_kind=(AccountKind.DESK,) * 2,
        instruments=tuple(options),
        assets=tuple(assets),
        position_account=account.astype(np.int64),
        position_instrument=np.arange(legs, dtype=np.int64),
        size=size,
        entry=np.full(legs, 100.0),
        isolated=np.zeros(legs, dtype=bool),
        isolated_margin=np.zeros(legs),
        balance_account=np.array([0, 1], dtype=np.int64),
        balance_asset=margin_coin,
        quantity=kept * legs,
    )
    return Case(
        name="made up",
        as_of=AS_OF,
        quote="USD",
        step_seconds=300.0,
        book=book,
        market=Market(as_of=AS_OF, assets=assets, instruments=states),
        rulebooks={preset: rulebook_from({"preset": preset}, file=f"{preset}.toml")},
        limits=(),
        crowds=(),
        digest="0" * 64,
    )


def milliseconds(
    legs: int = 500, calls: int = 15, preset: str = "deribit"
) -> tuple[list[float], list[float]]:
    """Clock and processor time of ``calls`` what-ifs (trade, shock, both), after two more; rising.

    legs  how many options the desk holds      preset  under whose rules
    """
    prepare()
    case = made_up_case(legs, preset)
    trade = f"-10 {case.book.instruments[0].name}"
    clock, processor = [], []
    for _ in range(calls + 2):
        start, busy = time.perf_counter(), time.process_time()
        what_if(case, [trade], "BTC=-12%,vol=+20%")
        clock.append(1000.0 * (time.perf_counter() - start))
        processor.append(1000.0 * (time.process_time() - busy))
    return sorted(clock[2:]), sorted(processor[2:])


def main(arguments: Sequence[str]) -> int:
    """Print the timing; the number of legs and presets may be given."""
    legs = int(arguments[0]) if arguments else 500
    presets = arguments[1].split(",") if len(arguments) > 1 else ["deribit"]
    for preset in presets:
        clock, processor = milliseconds(legs, preset=preset)
        half = len(clock) // 2
        print(
            f"what-if on {legs} legs: fastest {clock[0]:.0f} ms, median {clock[half]:.0f} ms "
            f"(processor {processor[0]:.0f} and {processor[half]:.0f} ms), {preset}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
