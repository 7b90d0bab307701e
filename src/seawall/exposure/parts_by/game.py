"""Who the players are when DRE is split by asset, venue or leg, and what it means to be out.

- **asset**: the exogenous price of an asset that is out stands still where it was at the start, on
  every path. Its orders still move it, and failures still take what they take.
- **venue**: of a desk, its accounts at a venue that is out are not there (no positions, no
  balances, no cash; the rest of the venue is); of the protocol, nobody has an account there. Theta
  is taken of the whole desk's equity in every coalition: what is out lies as if safe elsewhere.
- **leg**: a position, or a balance that is not cash, that is out was closed at the start at the
  price that margins it, at no cost; the account's equity is what it was. Collateral and debt of a
  loan are one leg, since neither stands without the other.

Where there are more players than MOST_PLAYERS, the smallest by gross notional are one player.
Prices of players that are in are the same in every coalition. What is left with nobody in is cash
(and what failures do to it), so DRE is then nearly zero; it is reported as a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Ints
from seawall.cascade.absent import Absence
from seawall.cascade.engine import BASE, Runs, draw
from seawall.cascade.setup import Setup
from seawall.exposure.first_to_break import leg_facts
from seawall.exposure.impairment import desk_columns
from seawall.exposure.notional import option_notional, row_notional
from seawall.foundation.errors import InputError

MOST_PLAYERS = 12
# An asset moves if its price does on any of so many paths.
LOOKED_AT = 8


@dataclass(frozen=True)
class Game:
    """The players of one split, largest first.

    names, accounts, venues (n,): as the page shows them, empty where there is none
    grouped  names of those that the last player stands for, () without such a player
    asset (k,), unit (u,), row (r,), option (o,): the player of each, -1 where it is always in
    """

    names: tuple[str, ...]
    accounts: tuple[str, ...]
    venues: tuple[str, ...]
    grouped: tuple[str, ...]
    asset: Ints
    unit: Ints
    row: Ints
    option: Ints

    @property
    def players(self) -> int:
        """How many there are."""
        return len(self.names)

    def runs(self, number: Ints, present: Bools) -> Runs:
        """Paths (p,) on which only these players (p, n) are in."""
        world = np.zeros(number.size, dtype=np.int64)
        moving = self.asset >= 0
        if moving.any():
            still = np.zeros((number.size, self.asset.size), dtype=bool)
            still[:, moving] = ~present[:, self.asset[moving]]
            return Runs(number, world, still=still)
        return Runs(number, world, absence=Absence(self.unit, self.row, self.option, present))


@dataclass(frozen=True)
class _Player:
    """One that may be merged into the last: its size, names, and what is its own."""

    size: float
    name: str
    account: str = ""
    venue: str = ""
    asset: tuple[int, ...] = ()
    unit: tuple[int, ...] = ()
    row: tuple[int, ...] = ()
    option: tuple[int, ...] = ()


def game_by_asset(setup: Setup, owner: str | None, steps: int, seed: int) -> Game:
    """Assets whose exogenous prices move, by gross notional of the desk, or of everybody."""
    first = Runs(np.arange(LOOKED_AT), np.zeros(LOOKED_AT, dtype=np.int64))
    prices = draw(setup, (BASE,), first, steps, seed)
    moves = np.flatnonzero((prices != prices[:, :1]).any(axis=(0, 1)))
    mine = _mine(setup, owner)
    rows, options = row_notional(setup), option_notional(setup)
    table = setup.table
    size = np.bincount(
        table.rows.asset, np.where(mine[table.rows.unit], rows, 0.0), len(table.assets)
    )
    size += np.bincount(
        table.options.asset, np.where(mine[table.options.unit], options, 0.0), len(table.assets)
    )
    return _game(
        setup,
        [_Player(float(size[k]), table.assets[k], asset=(k,)) for k in moves.tolist()],
        "assets",
    )


def game_by_venue(setup: Setup, owner: str | None) -> Game:
    """Venues at which the desk, or anybody, has accounts."""
    mine, units = _mine(setup, owner), setup.table.units
    rows, options = row_notional(setup), option_notional(setup)
    gross = np.bincount(setup.table.rows.unit, rows, mine.size)
    gross += np.bincount(setup.table.options.unit, options, mine.size)
    players = []
    for v, name in enumerate(setup.table.venues):
        own = np.flatnonzero(mine & (units.venue == v))
        if own.size:
            size = float(gross[own].sum())
            players.append(_Player(size, name, venue=name, unit=tuple(own.tolist())))
    return _game(setup, players, "venues")


def game_by_leg(setup: Setup, owner: str) -> Game:
    """Positions and non-cash balances of the desk; a loan is one."""
    players: list[_Player] = []
    for unit in setup.desk_units[desk_columns(setup, owner)].tolist():
        players += _legs_of(setup, unit)
    return _game(setup, players, "legs")


def _legs_of(setup: Setup, unit: int) -> list[_Player]:
    table, units = setup.table, setup.table.units
    rows, options = row_notional(setup), option_notional(setup)
    mine = np.arange(units.rows[unit], units.rows[unit + 1])
    mine = mine[table.rows.size[mine] != 0.0]
    account = setup.book.account_names[units.account[unit]]
    venue = table.venues[units.venue[unit]]
    if setup.rulebooks[units.venue[unit]].liquidation.style == "keeper":
        if mine.size == 0:
            return []
        held = mine[table.rows.size[mine] > 0.0]
        owed = mine[table.rows.size[mine] < 0.0]
        names = " + ".join(leg_facts(setup, int(r))[0] for r in held)
        if owed.size:
            names += " against " + " + ".join(leg_facts(setup, int(r))[0] for r in owed)
        whole = float(rows[mine].sum())
        return [_Player(whole, names, account, venue, row=tuple(mine.tolist()))]
    out = []
    for r in mine.tolist():
        name, side, _ = leg_facts(setup, r)
        out.append(_Player(float(rows[r]), f"{name} {side}", account, venue, row=(r,)))
    for o in range(units.options[unit], units.options[unit + 1]):
        if table.options.size[o] != 0.0:
            name, side, _ = leg_facts(setup, table.rows.unit.size + o)
            size = float(options[o])
            out.append(_Player(size, f"{name} {side}", account, venue, option=(o,)))
    return out


def _mine(setup: Setup, owner: str | None) -> Bools:
    """True (u,) for the units of the desk; of everybody where there is none."""
    if owner is None:
        return np.ones(setup.is_desk.size, dtype=bool)
    mine = np.zeros(setup.is_desk.size, dtype=bool)
    mine[setup.desk_units[desk_columns(setup, owner)]] = True
    return mine


def _game(setup: Setup, players: Sequence[_Player], what: str) -> Game:
    """Largest first; beyond MOST_PLAYERS the smallest are one player."""
    if not players:
        raise InputError(
            f"there are no {what} to split by", file="--parts-by", expected="another split"
        )
    ranked = sorted(players, key=lambda player: -player.size)
    grouped: tuple[str, ...] = ()
    if len(ranked) > MOST_PLAYERS:
        rest = ranked[MOST_PLAYERS - 1 :]
        grouped = tuple(f"{one.account} {one.name}".strip() for one in rest)
        ranked = [*ranked[: MOST_PLAYERS - 1], _merged(rest, what)]
    table = setup.table
    columns = {
        "asset": np.full(len(table.assets), -1),
        "unit": np.full(table.units.account.size, -1),
        "row": np.full(table.rows.unit.size, -1),
        "option": np.full(table.options.unit.size, -1),
    }
    for n, player in enumerate(ranked):
        for name, column in columns.items():
            column[list(getattr(player, name))] = n
    return Game(
        names=tuple(player.name for player in ranked),
        accounts=tuple(player.account for player in ranked),
        venues=tuple(player.venue for player in ranked),
        grouped=grouped,
        **columns,
    )


def _merged(rest: Sequence[_Player], what: str) -> _Player:
    def together(name: str) -> tuple[int, ...]:
        return tuple(n for one in rest for n in getattr(one, name))

    return _Player(
        sum(one.size for one in rest),
        f"{len(rest)} smaller {what}",
        asset=together("asset"),
        unit=together("unit"),
        row=together("row"),
        option=together("option"),
    )
