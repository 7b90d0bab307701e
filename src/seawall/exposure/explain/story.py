"""The chain of one path for the account that broke first: what happened, in order, with money.

Prices, what the venue's oracle showed, failures, others' forced closes until then, and every event
of the scope's accounts on the tape, each with its time. The plain loop is run once more on the path
and looked at after each step; it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.draws import Draws
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, base_worlds
from seawall.cascade.tape import FORCED, NEVER, EventKind, Tape
from seawall.case.impairment_kinds import KINDS
from seawall.exposure.explain.causes import failure_name
from seawall.exposure.explain.executions import Executions, executions
from seawall.exposure.explain.losses import impairment_of, owner_of
from seawall.exposure.explain.path import CameOn
from seawall.exposure.first_to_break import leg_facts
from seawall.exposure.impairment import desk_columns
from seawall.foundation.arrays import segment_sums
from seawall.margin.table.assess import assess

# Events of the scope's accounts that a story tells; the rest are counted.
MOST_EVENTS = 12
# Steps whose move of one asset is the largest before the account broke.
LARGEST_MOVES = 2
DID = {
    EventKind.LIQUIDATION: "closed by the venue",
    EventKind.BACKSTOP: "taken over by the backstop vault",
    EventKind.ADL_BANKRUPT: "closed against winners",
    EventKind.ADL_WINNER: "deleveraged while winning",
    EventKind.SOCIALISED: "charged a share of a socialised loss",
    EventKind.COVER: "deficit covered by others",
    EventKind.MARGIN_CALL: "margin call",
    EventKind.TOP_UP: "owner paid in",
    EventKind.POOL_CUT: "cut because its side gained too much for the pool",
    EventKind.SENT: "liquidation sent",
    EventKind.LAPSED: "liquidation landed and found it healthy",
    EventKind.DELEVERED: "owner sold",
    EventKind.STOP: "stop-loss orders sold",
    EventKind.SOFT: "bands traded collateral",
    EventKind.ZERO_BID: "collateral auctioned for next to nothing",
    EventKind.CLAIMS_LOST: "claims lost",
    EventKind.OWN_CLOSE: "own agent sold",
    EventKind.OWN_WITHDRAWAL: "own agent withdrew",
}
PAID_BY = ("keeper", "backstop", "fund", "adl", "socialised", "fee")


@dataclass(frozen=True)
class Seen:
    """What was seen on the path after each step: feeds (s, f), market (s, k), equity and
    maintenance (s,) of one unit; and what was traded.
    """

    feeds: Floats
    market: Floats
    equity: Floats
    maintenance: Floats
    traded: Executions


def see(setup: Setup, came: CameOn, unit: int) -> Seen:
    """Run the path once more, and look at feeds, markets and one unit."""
    feeds, market, equity, maintenance = [], [], [], []
    traded = executions(setup)
    pair = np.array([0]), np.array([unit])

    def note(_: int, state: State) -> None:
        feeds.append(state.quotes.price[0].copy())
        market.append(state.market[0].copy())
        traded.end_step()
        if unit >= 0:
            worth, due, _rows = assess(setup.table, state.holdings, state.quotes, *pair)
            equity.append(float(worth[0]))
            maintenance.append(float(due[0]))

    path = came.path
    draws = Draws(path.seed, np.array([path.number]))
    run(
        setup,
        path.prices[None],
        worlds=base_worlds(1),
        draws=draws,
        journal=traded.journal,
        observe=note,
    )
    found = (np.array(feeds), np.array(market), np.array(equity), np.array(maintenance))
    return Seen(*found, traded)


def story(setup: Setup, came: CameOn, scope: str, step: int, tape: Tape) -> dict[str, Any]:
    """First impairment of the scope on this path and its chain; ``tape`` of this path alone."""
    found = impairment_of(setup, tape, scope)
    first, unit, leg = int(found.step[0]), int(found.unit[0]), int(found.leg[0])
    broke = first <= step
    mine = _units(setup, scope)
    if not broke:
        # Nobody broke: the story is of the account that lost most.
        unit = _worst(setup, tape, scope, step)
    until = first if broke else step
    asset = _asset(setup, came, unit, leg, until)
    seen = see(setup, came, unit)
    rows = _moves(setup, came, asset, until)
    rows += _oracle(setup, seen, unit, asset, until) if broke else []
    rows += _failed(setup, came, step)
    rows += _others(setup, tape, mine, until)
    events = _events(setup, came, tape, mine, step, seen)
    rows += events[:MOST_EVENTS]
    rows.sort(key=lambda row: (row["seconds"], row["order"]))
    for row in rows:
        del row["order"]
    name = setup.book.account_names[setup.table.units.account[unit]] if unit >= 0 else ""
    return {
        "impaired": broke,
        "seconds": first * setup.step_seconds if broke and first < NEVER else None,
        "kind": str(KINDS[int(found.kind[0])]) if broke else "",
        "account": name,
        "leg": leg_facts(setup, leg)[0] if leg >= 0 else "",
        "events": rows,
        "more_events": max(0, len(events) - MOST_EVENTS),
    }


def _row(setup: Setup, step: int, order: int, kind: str, text: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"seconds": step * setup.step_seconds, "kind": kind, "text": text}
    row |= {"account": "", "asset": "", "price": None, "amount": None}
    return row | more | {"order": order}


def _units(setup: Setup, scope: str) -> Bools:
    owner = owner_of(scope)
    if owner is None:
        name = scope.partition(":")[2]
        venue = setup.table.units.venue
        return venue == setup.table.venues.index(name) if name else np.ones(venue.size, bool)
    out = np.zeros(setup.is_desk.size, dtype=bool)
    out[setup.desk_units[desk_columns(setup, owner)]] = True
    return out


def _worst(setup: Setup, tape: Tape, scope: str, step: int) -> int:
    """The desk's unit that lost most; -1 of a venue."""
    owner = owner_of(scope)
    if owner is None:
        return -1
    columns = desk_columns(setup, owner)
    if columns.size == 0:
        return -1
    change = tape.desk_equity[0, step, columns] - tape.desk_equity[0, 0, columns]
    return int(setup.desk_units[columns[int(change.argmin())]])


def _asset(setup: Setup, came: CameOn, unit: int, leg: int, until: int) -> int:
    """The asset of the leg that lost most; else the one of the unit's that moved most."""
    if leg >= 0:
        return setup.table.assets.index(leg_facts(setup, leg)[2])
    prices = came.path.prices
    moved = np.abs(np.log(prices[until] / prices[0]))
    if unit >= 0:
        rows, options = setup.table.rows, setup.table.options
        held = set(rows.asset[(rows.unit == unit) & (rows.size != 0.0)].tolist())
        held |= set(options.asset[options.unit == unit].tolist())
        moved = np.where(np.isin(np.arange(moved.size), sorted(held)), moved, -1.0)
    return int(moved.argmax())


def _moves(setup: Setup, came: CameOn, asset: int, until: int) -> list[dict[str, Any]]:
    """The largest single moves of the asset until then, and how far it had come."""
    price, name = came.path.prices[: until + 1, asset], setup.table.assets[asset]
    if until == 0 or not np.any(price != price[0]):
        return []
    moves = np.diff(price) / price[:-1]
    out = []
    for at in sorted(np.argsort(-np.abs(moves), kind="stable")[:LARGEST_MOVES].tolist()):
        text = f"{name} {moves[at]:+.1%} in one step, to {price[at + 1]:,.6g}"
        calm = came.path.calm
        if calm is not None:
            jump = np.diff(np.log(came.path.prices[:, asset] / calm[:, asset]))[at]
            text += f", a jump of {np.expm1(jump):+.1%} in it" if abs(jump) > 1e-3 else ""
        out.append(_row(setup, at + 1, 0, "price", text, asset=name, price=float(price[at + 1])))
    text = f"{name} at {price[-1]:,.6g} without anybody's orders, {price[-1] / price[0] - 1:+.1%}"
    text += f" from {price[0]:,.6g} at the start"
    out.append(_row(setup, until, 1, "price", text, asset=name, price=float(price[-1])))
    return out


def _oracle(setup: Setup, seen: Seen, unit: int, asset: int, until: int) -> list[dict[str, Any]]:
    """What the venue saw of the asset when the account broke, and what it required."""
    if unit < 0 or until < 1 or until > seen.feeds.shape[0]:
        return []
    units, table = setup.table.units, setup.table
    name = table.assets[asset]
    feed = np.flatnonzero((table.feed_venue == units.venue[unit]) & (table.feed_asset == asset))
    rows = []
    if feed.size:
        shown = float(seen.feeds[until - 1, feed[0]])
        market = float(seen.market[until - 1, asset])
        venue = table.venues[units.venue[unit]]
        text = f"{venue} margins {name} at {shown:,.6g}; its market is at {market:,.6g}"
        rows.append(_row(setup, until, 2, "oracle", text, asset=name, price=shown))
    if until >= 2:
        equity, due = seen.equity[until - 2], seen.maintenance[until - 2]
        text = f"one step before, equity {equity:,.0f} against {due:,.0f} of maintenance"
        account = setup.book.account_names[units.account[unit]]
        rows.append(
            _row(setup, until - 1, 3, "margin", text, account=account, amount=float(equity - due))
        )
    return rows


def _failed(setup: Setup, came: CameOn, step: int) -> list[dict[str, Any]]:
    rules = setup.failures
    if rules is None:
        return []
    return [
        _row(setup, at, 0, "failure", f"{failure_name(rules.placed[i].failure)} fails")
        for i, at in came.failures.items()
        if at <= step
    ]


def _others(setup: Setup, tape: Tape, mine: Bools, until: int) -> list[dict[str, Any]]:
    """Forced closes of others until then."""
    forced = np.isin(tape.kind, FORCED) & ~mine[tape.unit] & (tape.step <= until)
    if not forced.any():
        return []
    count, worth = np.unique(tape.unit[forced]).size, float(tape.notional[forced].sum())
    who = "1 other account" if count == 1 else f"{count:,} other accounts"
    text = f"{who} closed by force until then, {worth:,.0f} of notional"
    return [_row(setup, int(tape.step[forced].max()), 2, "others", text, amount=worth)]


def _events(
    setup: Setup, came: CameOn, tape: Tape, mine: Bools, step: int, seen: Seen
) -> list[dict[str, Any]]:
    """Every event of the scope's accounts, in order, with who paid and who earned."""
    out = []
    for e in np.flatnonzero(mine[tape.unit] & (tape.step <= step)).tolist():
        kind = EventKind(int(tape.kind[e]))
        if kind not in DID:
            continue
        unit, at, leg = int(tape.unit[e]), int(tape.step[e]), int(tape.leg[e])
        account = setup.book.account_names[setup.table.units.account[unit]]
        worth = float(tape.notional[e])
        text = DID[kind] + (f", {worth:,.0f}" if worth else "")
        asset, price = "", None
        if leg >= 0:
            name, side, asset = leg_facts(setup, leg)
            price = float(seen.market[at - 1, setup.table.assets.index(asset)])
            text += f"; its {name} {side} had lost most, {asset} then at {price:,.6g}"
            text += _paid(setup, came, seen, at, leg, asset)
        money = {payer: float(getattr(tape, payer)[e]) for payer in PAID_BY}
        told = [_words(payer, amount) for payer, amount in money.items() if abs(amount) >= 0.5]
        text += f" ({', '.join(told)})" if told else ""
        more = {"account": account, "asset": asset, "price": price, "amount": worth}
        out.append(_row(setup, at, 4, kind.name.lower(), text, **more))
    return out


def _paid(setup: Setup, came: CameOn, seen: Seen, at: int, leg: int, asset: str) -> str:
    """At which price the leg was traded, and how far that is from the price without any orders."""
    found = seen.traded.at(at, leg)
    if found is None:
        return ""
    change, price = found
    rows = setup.table.rows
    quiet = float(came.path.prices[at, setup.table.assets.index(asset)])
    quiet *= float(setup.contract_factor[rows.contract[leg]])
    verb = "sold" if change < 0.0 else "bought back"
    return (
        f"; {abs(change):,.6g} {verb} at {price:,.6g}, {price / quiet - 1.0:+.1%} to the price "
        "without anybody's orders"
    )


def _words(payer: str, amount: float) -> str:
    if payer == "fee":
        return f"fees {amount:,.0f}"
    names = {"adl": "deleveraged winners", "socialised": "others", "backstop": "vault"}
    verb = "earned" if amount < 0 else "paid"
    return f"{names.get(payer, payer)} {verb} {abs(amount):,.0f}"


def loss_by_account(setup: Setup, tape: Tape, scope: str, step: int) -> dict[str, float]:
    """What each account of a desk lost on a path, quote; empty of a venue."""
    owner = owner_of(scope)
    if owner is None:
        return {}
    columns = desk_columns(setup, owner)
    account = setup.table.units.account[setup.desk_units[columns]]
    change = tape.desk_equity[0, 0, columns] - tape.desk_equity[0, step, columns]
    names = setup.book.account_names
    total = segment_sums(change, account, len(names))
    return {names[a]: float(total[a]) for a in dict.fromkeys(account.tolist())}
