"""A Hyperliquid account's position table, and the account value hidden in its liquidation prices.

The table gives each position's liquidation price but not the account value. For a cross account

    equity at the liquidation price = maintenance at that price, all other positions unchanged

so one price gives equity minus maintenance now ("margin available"), and that number predicts all
the others. With P the mark, q the signed size, M(N) the tiered maintenance of notional N:

    available = M(|q| LP) - M(|q| P) - q (LP - P)

Within tier n (rate l, deduction d) LP = (available + M(|q| P) + d - q P) / (|q| l - q); M is the
largest of its tiers' lines, so a short's LP is the smallest of these roots and a long's the
largest. Source: Hyperliquid docs, pages trading/liquidations and trading/margin-tiers.
Wrong for isolated positions and where the venue's tier table is not the one used here; the
residuals show exactly that (docs/real-input.md).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seawall.connect.hyperliquid_table import VenuePosition, read_positions
from seawall.connect.source import data_folder, only_match
from seawall.foundation.errors import InputError, SeawallError
from seawall.margin.tiered.lines import deductions
from seawall.venues import Tier

POSITIONS = "positions/hyperliquid_*_positions_2026-01.csv"
BALANCES = "positions/hyperliquid_*_balances_2026-01.csv"
ANCHOR = "ETH"  # the position from whose liquidation price the account value is inferred
# A table explains a liquidation price when the residual is below this; a wrong one is off by 1e-3.
EXPLAINED = 1e-6

Tiers = tuple[Tier, ...]


def tier_table(*steps: tuple[float, float]) -> Tiers:
    """Tiers from (lower bound, maximum leverage); maintenance rate = half of 1 / leverage."""
    return tuple(Tier(bound, leverage, 0.5 / leverage) for bound, leverage in steps)


# Shapes of table that the venue publishes, and single tiers (a table id below 50 is its leverage).
TABLES: dict[str, Tiers] = {
    "40x to 150M, 20x": tier_table((0.0, 40.0), (150e6, 20.0)),
    "25x to 100M, 15x": tier_table((0.0, 25.0), (100e6, 15.0)),
    "20x to 70M, 10x": tier_table((0.0, 20.0), (70e6, 10.0)),
    "20x to 40M, 10x": tier_table((0.0, 20.0), (40e6, 10.0)),
    "10x to 20M, 5x": tier_table((0.0, 10.0), (20e6, 5.0)),
    "10x to 3M, 5x": tier_table((0.0, 10.0), (3e6, 5.0)),
    "3x": tier_table((0.0, 3.0)),
    "5x": tier_table((0.0, 5.0)),
    "10x": tier_table((0.0, 10.0)),
    "20x": tier_table((0.0, 20.0)),
    "25x": tier_table((0.0, 25.0)),
    "40x": tier_table((0.0, 40.0)),
}

# Page trading/margin-tiers of the venue's docs, section on mainnet; read after the prediction rule
# was stated and before it was run.
_GROUPS = {
    "40x to 150M, 20x": "BTC",
    "25x to 100M, 15x": "ETH",
    "20x to 70M, 10x": "SOL",
    "20x to 40M, 10x": "XRP",
    "10x to 20M, 5x": (
        "DOGE kPEPE SUI WLD TRUMP LTC ENA POPCAT WIF AAVE kBONK LINK CRV AVAX ADA UNI NEAR TIA APT "
        "BCH HYPE FARTCOIN"
    ),
    "10x to 3M, 5x": "OP ARB LDO TON MKR ONDO JUP INJ kSHIB SEI TRX BNB DOT",
}
PUBLISHED: dict[str, str] = {
    coin: table for table, coins in _GROUPS.items() for coin in coins.split()
}


@dataclass(frozen=True)
class Residual:
    """One given liquidation price against its prediction.

    residual           predicted / given - 1, with ``table`` (published group or displayed leverage)
    explained_by       the table under which the price comes out, None when no known one does
    explained_residual the residual that is left with it
    maintenance_rate   marginal rate at the predicted price, under ``table``
    implied_rate       mean maintenance rate between today's notional and that at the given price
    """

    coin: str
    given: float
    predicted: float | None
    residual: float
    table: str
    published: bool
    maintenance_rate: float
    implied_rate: float
    explained_by: str | None
    explained_residual: float


def first_table(position: VenuePosition) -> str:
    """The table of the prediction rule: the published group, else the displayed leverage alone."""
    return PUBLISHED.get(position.coin, f"{position.leverage:.0f}x")


def tiers_of(name: str) -> Tiers:
    """A table by name, or one tier of the leverage that the name states ("7x")."""
    return TABLES[name] if name in TABLES else tier_table((0.0, float(name.removesuffix("x"))))


def maintenance(tiers: Tiers, notional: float) -> float:
    """Maintenance margin of one position, quote: the largest of notional x rate - deduction."""
    return max(notional * rate - deduction for rate, deduction in _lines(tiers))


def margin_available(position: VenuePosition, tiers: Tiers) -> float:
    """Equity minus maintenance of the whole account now, quote, implied by one liquidation price.

    Raises InputError when the position has none.
    """
    price = position.liquidation_price
    if price is None:
        raise InputError(
            f"{position.coin} has no liquidation price", expected="a position that has one"
        )
    then = maintenance(tiers, abs(position.size) * price)
    now = maintenance(tiers, position.notional)
    return then - now - position.size * (price - position.mark)


def liquidation_price(position: VenuePosition, tiers: Tiers, available: float) -> float | None:
    """Mark at which the cross account would be liquidated if only this coin moved, quote.

    ``available`` = equity - maintenance of the account now. None when no positive price does it.
    """
    size, amount = position.size, abs(position.size)
    room = available + maintenance(tiers, position.notional) - size * position.mark
    roots = [(room + deduction) / (amount * rate - size) for rate, deduction in _lines(tiers)]
    root = min(roots) if size < 0.0 else max(roots)
    return root if root > 0.0 else None


def explaining_table(position: VenuePosition, available: float) -> str | None:
    """The known table under which the given liquidation price comes out, or None.

    Published membership is tried first, then the fewest tiers; tables below the displayed leverage
    cannot be right and are not tried.
    """
    names = [PUBLISHED[position.coin]] if position.coin in PUBLISHED else []
    names += sorted(TABLES, key=lambda name: len(TABLES[name]))
    for name in names:
        if TABLES[name][0].max_leverage < position.leverage:
            continue
        if abs(_residual(position, TABLES[name], available)) < EXPLAINED:
            return name
    return None


def liquidation_residuals(file: Path) -> list[Residual]:
    """Predicted against given liquidation price for every position that has one, bar the anchor.

    The account's margin available comes from ETH; residuals of the others test the tier tables.
    """
    positions = read_positions(file)
    available = anchored(positions, file)
    rows = []
    for position in positions:
        given = position.liquidation_price
        if given is None or position.coin == ANCHOR:
            continue
        table = first_table(position)
        tiers = tiers_of(table)
        predicted = liquidation_price(position, tiers, available)
        moved = abs(position.size) * given - position.notional
        better = explaining_table(position, available)
        rows.append(
            Residual(
                coin=position.coin,
                given=given,
                predicted=predicted,
                residual=_residual(position, tiers, available),
                table=table,
                published=position.coin in PUBLISHED,
                maintenance_rate=_marginal_rate(tiers, abs(position.size) * (predicted or 0.0)),
                implied_rate=(available + position.size * (given - position.mark)) / moved,
                explained_by=better,
                explained_residual=_residual(position, tiers_of(better or table), available),
            )
        )
    return rows


def anchored(positions: Sequence[VenuePosition], file: Path) -> float:
    """Margin available of the account, quote, from the anchor's liquidation price."""
    for position in positions:
        if position.coin == ANCHOR:
            return margin_available(position, tiers_of(PUBLISHED[ANCHOR]))
    raise InputError(
        f"there is no {ANCHOR} position to infer the account value from",
        file=str(file),
        column="coin",
        expected=f"a row for {ANCHOR} with a liquidation price",
    )


def tables_in_use(positions: Sequence[VenuePosition], available: float) -> dict[str, str]:
    """Coin -> name of its table: the one that explains its price, else the prediction rule's."""
    chosen = {}
    for position in positions:
        known = position.liquidation_price is not None
        better = explaining_table(position, available) if known else None
        chosen[position.coin] = better or first_table(position)
    return chosen


def account_value(
    positions: Sequence[VenuePosition], tables: Mapping[str, str], available: float
) -> float:
    """Equity of the cross account now, quote: margin available + maintenance of every position."""
    return available + math.fsum(
        maintenance(tiers_of(tables[p.coin]), p.notional) for p in positions
    )


def residual_table(rows: Sequence[Residual]) -> str:
    """The residuals as text, one line per coin, then counts."""
    lines = [
        f"{'coin':<9} {'given':>17} {'predicted':>17} {'residual':>10}  "
        f"{'table':<17} {'rate':>6} {'implied':>7}  explained by"
    ]
    for row in rows:
        source = row.table + ("*" if row.published else "")
        predicted = "none" if row.predicted is None else f"{row.predicted:.4f}"
        lines.append(
            f"{row.coin:<9} {row.given:>17.4f} {predicted:>17} {row.residual:>+10.4%}  "
            f"{source:<17} {row.maintenance_rate:>6.2%} {row.implied_rate:>7.2%}  "
            f"{row.explained_by or 'nothing known'} ({row.explained_residual:+.0e})"
        )
    bounds = (1e-4, 1e-3, 1e-2)
    counts = (sum(abs(row.residual) < bound for row in rows) for bound in bounds)
    inside = ", ".join(
        f"{count} within {bound:.2%}" for count, bound in zip(counts, bounds, strict=True)
    )
    explained = sum(row.explained_by is not None for row in rows)
    lines.append(
        f"{len(rows)} predicted: {inside}; {explained} explained by a known table to "
        f"{max((abs(r.explained_residual) for r in rows if r.explained_by), default=0.0):.0e}. "
        "* = published group."
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the residuals; with a folder, also write the Case there."""
    parser = argparse.ArgumentParser(
        prog="python -m seawall.connect.hyperliquid",
        description="Predict the liquidation prices of a real Hyperliquid book and make a Case.",
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where to write the Case")
    parser.add_argument("--crowd", type=int, default=5000, help="accounts in the generated crowd")
    given = parser.parse_args(arguments)
    try:
        file = only_match(data_folder(), POSITIONS)
        print(residual_table(liquidation_residuals(file)))
        if given.folder is not None:
            from seawall.casefile import save_case
            from seawall.connect.hyperliquid_case import case_from_positions

            balances = only_match(data_folder(), BALANCES)
            case = case_from_positions(file, balances=balances, crowd_accounts=given.crowd)
            save_case(case, given.folder)
            print(f"wrote {case.name} to {given.folder}")
    except SeawallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _residual(position: VenuePosition, tiers: Tiers, available: float) -> float:
    """Predicted / given - 1; -1 when no positive price is predicted."""
    predicted = liquidation_price(position, tiers, available)
    return (predicted or 0.0) / (position.liquidation_price or math.nan) - 1.0


def _lines(tiers: Tiers) -> list[tuple[float, float]]:
    """Rate and deduction of each tier; maintenance is the largest of these lines."""
    bounds = np.array([tier.lower_bound for tier in tiers])
    rates = np.array([tier.maintenance_rate for tier in tiers])
    return list(zip(rates.tolist(), deductions(bounds, rates).tolist(), strict=True))


def _marginal_rate(tiers: Tiers, notional: float) -> float:
    """Rate of the tier that ``notional`` is in."""
    return [tier.maintenance_rate for tier in tiers if tier.lower_bound <= notional][-1]


if __name__ == "__main__":
    sys.exit(main())
