"""A real Hyperliquid book inside a generated crowd, as a Case.

From the file: sizes, entries, marks, the inferred account value, spot holdings. From the venue's
docs and the file's own liquidation prices: tier tables. NOT from the file, and therefore assumed:
everything in ``LIQUIDITY``, the constants beside it and seawall.connect.assumed. They are round
numbers for the kind of coin (its maximum leverage, which is the venue's own ranking of liquidity),
not measurements; the Case's name says so, and docs/real-input.md repeats the table. Wrong for any
single coin by a factor of a few; replace them in the written Case where you know better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case, Limit
from seawall.connect.assumed import SCENARIO, assumed_depth
from seawall.connect.hyperliquid import account_value, anchored, tables_in_use, tiers_of
from seawall.connect.hyperliquid_table import VenuePosition, read_balances, read_positions
from seawall.connect.source import digest, system_accounts
from seawall.crowd import CrowdSpec, LeverageMix
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.instruments import Instrument, Perpetual
from seawall.market import AssetState, InstrumentState, Market
from seawall.venues import Rulebook
from seawall.venues.preset import rulebook_from

VENUE = "hyperliquid"
QUOTE = "USDC"
OWNER = "maker"
# Time of the last resting order in the file of quotes that belongs to the same moment.
AS_OF = datetime(2026, 1, 13, 19, 1, 48, tzinfo=UTC)


@dataclass(frozen=True)
class Liquidity:
    """Assumed state of a coin: annual volatility (fraction), notional a day and open interest."""

    volatility: float
    daily_volume: float
    open_interest: float


# ASSUMED, by the coin's maximum leverage: the first row whose leverage it reaches.
LIQUIDITY: tuple[tuple[float, Liquidity], ...] = (
    (40.0, Liquidity(0.45, 2.5e9, 2.0e9)),
    (25.0, Liquidity(0.65, 1.2e9, 1.2e9)),
    (20.0, Liquidity(0.80, 200e6, 250e6)),
    (10.0, Liquidity(1.00, 30e6, 40e6)),
    (5.0, Liquidity(1.20, 8e6, 12e6)),
    (0.0, Liquidity(1.40, 4e6, 8e6)),
)
# ASSUMED: no position is more than a quarter of its market's open interest.
LARGEST_SHARE = 0.25
# ASSUMED: log-returns share one factor; PAXG is gold and hardly does.
LOADING = 0.85
GOLD = {"PAXG": 0.1}
GOLD_VOLATILITY = 0.2
# ASSUMED: relative standard error of volatility.
VOLATILITY_ERROR = 0.2
# ASSUMED: what the preset lists as unsourced. Taker fee of an ordinary account; no forced-close fee
# beyond it; capital of the backstop vault.
TAKER_FEE = 0.00045
BACKSTOP_CAPITAL = 300e6
# ASSUMED: leverage of the crowd's accounts, three ways.
LEVERAGE = {
    "light": LeverageMix(2.5, 0.7),
    "base": LeverageMix(4.0, 0.7),
    "heavy": LeverageMix(7.0, 0.7),
}

# Spot tokens that stand for a coin of the position table: token -> (coin, coins per token).
# Wrapped coins are taken at par; kCOIN is a thousand COIN.
SPOT_TOKENS: dict[str, tuple[str, float]] = {
    "UBTC": ("BTC", 1.0),
    "UETH": ("ETH", 1.0),
    "USOL": ("SOL", 1.0),
    "HYPE": ("HYPE", 1.0),
    "UXPL": ("XPL", 1.0),
    "UPUMP": ("PUMP", 1.0),
    "UMON": ("MON", 1.0),
    "UFART": ("FARTCOIN", 1.0),
    "UBONK": ("kBONK", 0.001),
    "UUUSPX": ("SPX", 1.0),
    "UENA": ("ENA", 1.0),
    "UDZ": ("2Z", 1.0),
    "PURR": ("PURR", 1.0),
    "USDC": (QUOTE, 1.0),
    "USDH": (QUOTE, 1.0),
    "USDT0": (QUOTE, 1.0),
}


def case_from_positions(
    file: Path,
    *,
    balances: Path | None = None,
    crowd_accounts: int = 5000,
    as_of: datetime = AS_OF,
) -> Case:
    """The book of ``file`` as the desk ``maker`` on Hyperliquid, inside a crowd.

    file      position table (CSV), see `seawall.connect.hyperliquid_table.read_positions`
    balances  spot balance table; its known tokens become a second account of the desk, outside the
              cross margin; tokens without a price in ``file`` are left out
    as_of     UTC; the table itself carries no time

    Account value is inferred from ETH's liquidation price; USDC cash = that - unrealised profit.
    Market data the file lacks are the assumptions at the top of this module. Raises InputError for
    a table that cannot be used.
    """
    if crowd_accounts < 1:
        raise InputError(
            f"a crowd of {crowd_accounts} accounts was asked for", expected="1 account or more"
        )
    positions = read_positions(file)
    available = anchored(positions, file)
    tables = tables_in_use(positions, available)
    equity = account_value(positions, tables, available)
    held = _spot_holdings(balances, positions)
    files = (file,) if balances is None else (file, balances)
    return Case(
        name="Hyperliquid maker, assumed depth volume and volatility",
        as_of=as_of,
        quote=QUOTE,
        step_seconds=300.0,
        book=_book(positions, equity, held),
        market=_market(positions, tables, as_of),
        rulebooks={VENUE: rulebook(tables)},
        limits=_limits(),
        crowds=(_crowd(crowd_accounts),),
        digest=digest(*files),
    )


def rulebook(tables: Mapping[str, str]) -> Rulebook:
    """The Hyperliquid preset with a tier table per coin and the assumed missing numbers."""
    tiers = {
        coin: [
            {"lower_bound": tier.lower_bound, "max_leverage": tier.max_leverage}
            for tier in tiers_of(name)
        ]
        for coin, name in tables.items()
    }
    return rulebook_from(
        {
            "preset": VENUE,
            "source": (
                "tiers: the venue's margin-tiers page where it gives the account's liquidation "
                "prices, otherwise the table that does, otherwise the leverage displayed; fee and "
                "vault capital are assumptions"
            ),
            "as_of": AS_OF.date(),
            "tiers": tiers,
            "taker_fee": TAKER_FEE,
            "liquidation": {"fee": 0.0},
            "waterfall": {"backstop": BACKSTOP_CAPITAL},
        },
        file=f"rulebooks/{VENUE}.toml",
    )


def instrument_name(coin: str) -> str:
    """How the Case names a coin's perpetual."""
    return f"{coin}-PERP"


def _book(positions: Sequence[VenuePosition], equity: float, held: Mapping[str, float]) -> Book:
    """The cross account, the spot wallet and the venue's own accounts."""
    system = system_accounts(VENUE)
    names = (f"{OWNER}/perp", f"{OWNER}/spot", *(name for name, _ in system))
    kinds = (AccountKind.DESK, AccountKind.DESK, *(kind for _, kind in system))
    coins = [p.coin for p in positions]
    assets = (QUOTE, *coins)
    size = np.array([p.size for p in positions])
    entry = np.array([p.entry for p in positions])
    mark = np.array([p.mark for p in positions])
    # Cash that makes equity come out at the table's rounded entry prices.
    cash = equity - float(np.sum(size * (mark - entry)))
    instruments: tuple[Instrument, ...] = tuple(
        Perpetual(instrument_name(coin), coin, QUOTE) for coin in coins
    )
    n = len(positions)
    return Book(
        account_names=names,
        account_venue=(VENUE,) * len(names),
        account_owner=(OWNER, OWNER) + (VENUE,) * len(system),
        account_kind=kinds,
        instruments=instruments,
        assets=assets,
        position_account=np.zeros(n, dtype=np.int64),
        position_instrument=np.arange(n, dtype=np.int64),
        size=size,
        entry=entry,
        isolated=np.zeros(n, dtype=bool),
        isolated_margin=np.zeros(n),
        balance_account=np.array([0] + [1] * len(held), dtype=np.int64),
        balance_asset=np.array([0] + [assets.index(a) for a in held], dtype=np.int64),
        quantity=np.array([cash, *held.values()]),
    )


def _spot_holdings(balances: Path | None, positions: Sequence[VenuePosition]) -> dict[str, float]:
    """Asset -> quantity over the tokens that the position table can price; zeros left out."""
    if balances is None:
        return {}
    priced = {QUOTE, *(p.coin for p in positions)}
    held: dict[str, float] = {}
    for token, quantity in read_balances(balances).items():
        asset, per_token = SPOT_TOKENS.get(token, ("", 0.0))
        if asset in priced and quantity > 0.0:
            held[asset] = held.get(asset, 0.0) + quantity * per_token
    return held


def _market(
    positions: Sequence[VenuePosition], tables: Mapping[str, str], as_of: datetime
) -> Market:
    """Marks from the table as all four observed prices, the rest from the assumptions."""
    assets = {
        QUOTE: AssetState(
            spot=1.0,
            index=1.0,
            oracle=1.0,
            volatility=0.0,
            depth=1e12,
            daily_volume=1e12,
        )
    }
    instruments = {}
    for p in positions:
        leverage = tiers_of(tables[p.coin])[0].max_leverage
        state = next(row for bound, row in LIQUIDITY if leverage >= bound)
        volatility = GOLD_VOLATILITY if p.coin in GOLD else state.volatility
        assets[p.coin] = AssetState(
            spot=p.mark,
            index=p.mark,
            oracle=p.mark,
            volatility=volatility,
            depth=assumed_depth(state.daily_volume, volatility),
            daily_volume=state.daily_volume,
            volatility_error=VOLATILITY_ERROR,
        )
        notional = max(state.open_interest, p.notional / LARGEST_SHARE)
        instruments[instrument_name(p.coin)] = InstrumentState(
            mark=p.mark, open_interest=notional / p.mark
        )
    coins = [p.coin for p in positions]
    loading = {coin: GOLD.get(coin, LOADING) for coin in coins}
    return Market(
        as_of=as_of,
        assets=assets,
        instruments=instruments,
        scenario=SCENARIO,
        correlation={
            (a, b): loading[a] * loading[b] for i, a in enumerate(coins) for b in coins[i + 1 :]
        },
        jump_beta={coin: GOLD.get(coin, 1.0) for coin in coins},
    )


def _crowd(accounts: int) -> CrowdSpec:
    """The other side and everyone else: assumed shape, open interest from the market."""
    return CrowdSpec(
        venue=VENUE,
        accounts=accounts,
        seed=1,
        leverage=LEVERAGE,
        long_share=None,
        size_log_sd=1.8,
        positions_mean=2.0,
        isolated_share=0.2,
    )


def _limits() -> tuple[Limit, ...]:
    """Limits to have a verdict against; they are this example's, not the account holder's."""
    day = SECONDS_PER_DAY
    desk = f"desk:{OWNER}"
    return (
        Limit("DRE 24 h of the desk", "dre", desk, 0.02, day),
        Limit("largest share of open interest", "open_interest_share", desk, LARGEST_SHARE),
        Limit("fund ruin 24 h", "fund_ruin", f"venue:{VENUE}", 0.05, day),
    )
