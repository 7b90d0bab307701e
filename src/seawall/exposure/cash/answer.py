"""What `seawall cash` answers, as one dict: the JSON, and all that its page prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall import __version__
from seawall.book.book import Floats, Ints
from seawall.cascade.engine import prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.cash.due import MAINTENANCE, Desk, desk_of, now, surplus
from seawall.exposure.cash.ladder import LEVELS, ladder, quantile
from seawall.exposure.cash.named import Move, replayed, shocked
from seawall.exposure.cash.needs import Needs, on_paths, with_transfers
from seawall.exposure.cash.top_up import topped_up
from seawall.exposure.remedy.lead import TRANSFER_SECONDS, WITHDRAWAL_SECONDS, chain_seconds
from seawall.foundation.errors import InputError

SCHEMA = "seawall/cash/1"
HOUR = 3_600.0
MOST_HOURS = 31 * 24
# Levels of margin and of certainty that a top-up is named for.
TOP_UP_LEVEL = LEVELS[-1]


@dataclass(frozen=True)
class Answer:
    """The result as a dict, and the Case with its top-ups in place."""

    result: dict[str, Any]
    case: Case


def cash_answer(
    case: Case,
    *,
    desk: str | None = None,
    margin: str = MAINTENANCE,
    hours: int = 24,
    paths: int = 1_000,
    seed: int = 1,
    moves: Sequence[Move] = (),
    lead_seconds: float | None = None,
    compute: Compute | None = None,
) -> Answer:
    """The cash ladder of one desk: by venue, account and hour, on paths, shocks and past events.

    margin: what equity must stay above. lead_seconds: until money from another account lands; None:
    the longest of A14's between two of the desk's venues. Raises InputError for what cannot be run.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise InputError(f"{hours} hours", file="--hours", expected=f"1 to {MOST_HOURS}")
    own = desk_of(case, desk, margin)
    setup = prepare(case)
    dt = setup.step_seconds
    if dt > HOUR:
        raise InputError(f"a step of {dt:g} s", expected="steps of an hour at most")
    wanted = np.round(np.arange(1, hours + 1) * HOUR / dt).astype(np.int64)
    seconds = _lead(setup, own) if lead_seconds is None else lead_seconds
    lead = int(np.ceil(seconds / dt - 1e-9))
    marks = np.unique(np.concatenate([wanted, [max(lead - 1, 0)]]))
    marks = marks[marks <= wanted[-1]]
    needs = on_paths(own, setup, paths, marks, seed, compute or Compute())
    hour = np.searchsorted(marks, wanted)
    accounts = _accounts(own, needs, hour)
    result = {
        "schema": SCHEMA,
        "version": __version__,
        "case": {
            "name": case.name,
            "hash": case.digest,
            "as_of": case.as_of.isoformat(),
            "quote": case.quote,
        },
        "desk": own.owner,
        "margin": margin,
        "seed": seed,
        "paths": paths,
        "step_seconds": dt,
        "hours": list(range(1, hours + 1)),
        "assumptions": ["A3", "A14", "A15"],
        "venues": _venues(own, needs, hour),
        "accounts": accounts,
        "together": _together(needs, marks, hour, lead, seconds),
        "shocks": shocked(own, moves),
        "events": replayed(case, own, int(wanted[-1]), dt),
    }
    return Answer(result, topped_up(case, own, [row["top_up"] for row in accounts]))


def _lead(setup: Setup, desk: Desk) -> float:
    """The longest time until money from one of the desk's venues lands at another, seconds."""
    index = {name: v for v, name in enumerate(setup.table.venues)}
    venues = list(dict.fromkeys(desk.venue))
    leads = [0.0]
    for source in venues:
        for target in venues:
            if source == target:
                continue
            rulebook = setup.case.rulebooks[source]
            out = 0.0 if rulebook.liquidation.style == "keeper" else WITHDRAWAL_SECONDS
            leads.append(out + TRANSFER_SECONDS + (chain_seconds(setup, index[target]) or 0.0))
    return max(leads)


def _venues(desk: Desk, needs: Needs, hour: Ints) -> list[dict[str, Any]]:
    """By venue: sums over its accounts path by path, then the ladder."""
    start = surplus(desk, now(desk))[0]
    out = []
    for venue in dict.fromkeys(desk.venue):
        mine = np.array([name == venue for name in desk.venue], dtype=bool)
        amount = needs.need[:, hour][:, :, mine].sum(axis=2)
        out.append(
            {
                "venue": venue,
                "accounts": int(mine.sum()),
                "short_now": float(np.maximum(-start[mine], 0.0).sum()),
                "free_now": float(np.maximum(start[mine], 0.0).sum()),
                **ladder(amount),
            }
        )
    return out


def _accounts(desk: Desk, needs: Needs, hour: Ints) -> list[dict[str, Any]]:
    """By account: its ladder, and its top-up in the asset that helps it."""
    out = []
    for n, name in enumerate(desk.name):
        asset = desk.table.assets[int(desk.table.feed_asset[int(desk.pays[n])])]
        units = quantile(needs.units[:, hour[-1], n], TOP_UP_LEVEL)
        repays = int(desk.pays[n]) != int(desk.table.units.settle[n])
        own = ladder(needs.need[:, hour, n])
        top = next(q["value"] for q in own["quantiles"] if q["level"] == TOP_UP_LEVEL)
        first = [h + 1 for h, amount in enumerate(top) if amount > 0.0]
        out.append(
            {
                "account": name,
                "venue": desk.venue[n],
                "asset": asset,
                "repays": repays,
                "top_up": units,
                "top_up_level": TOP_UP_LEVEL,
                "from_hour": first[0] if first else None,
                "never_needed": quantile(needs.free[:, hour[-1], n], 1.0 - TOP_UP_LEVEL),
                **own,
            }
        )
    return out


def _together(needs: Needs, marks: Ints, hour: Ints, lead: int, seconds: float) -> dict[str, Any]:
    """Over all accounts: each on its own, with what is free sent at the start, as one purse."""
    alone: Floats = needs.need[:, hour].sum(axis=2)
    return {
        "lead_seconds": seconds,
        "alone": ladder(alone),
        "sent": ladder(with_transfers(needs, lead, marks)[:, hour]),
        "pooled": ladder(needs.pooled[:, hour]),
    }
