"""Handlers of peers' cases: Derive's auction. They convert inputs and units and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import by_hand_derive
from peer_runner import Handler, Kind, PeerCase

from seawall.liquidation.dutch_auction import Bid, DutchAuction, bid, quote


def _auction(p: Mapping[str, Any]) -> DutchAuction:
    return DutchAuction(
        start=p["starting_mtm_pct"],
        cutoff=p["fast_cutoff_pct"],
        fast_seconds=p["fast_seconds"],
        slow_seconds=p["slow_seconds"],
        buffer=p["buffer_margin_pct"],
    )


def _bid(case: PeerCase) -> Bid:
    account, market = case["account"], case["market"]
    return bid(
        _auction(case["parameters"]),
        account["mark_to_market"],
        account["maintenance_margin"],
        market["seconds_since_start"],
        account["want_fraction_of_current"],
        market.get("reserved_cash_before", 0.0),
    )


def _auction_quote(case: PeerCase) -> Mapping[str, Any]:
    """Price and share need no bid: a case that wants nothing pays nothing."""
    account, market = case["account"], case["market"]
    offer = quote(
        _auction(case["parameters"]),
        account["mark_to_market"],
        account["maintenance_margin"],
        market["seconds_since_start"],
        market.get("reserved_cash_before", 0.0),
    )
    wanted = account.get("want_fraction_of_current")
    return {
        "bid_price": offer.price,
        "max_fraction_3dp_floor": offer.share,
        "cash_from_bidder_floor": _bid(case).cash if wanted else wanted,
    }


def _auction_step(case: PeerCase) -> Mapping[str, Any]:
    done = _bid(case)
    return {
        "buffer_margin": done.quote.buffer_margin,
        "max_fraction": done.quote.share,
        "cash_from_bidder": done.cash,
        "fraction_liquidated_of_current": done.share,
        "post_mark_to_market": done.mark_to_market,
        "post_maintenance_margin": done.maintenance,
        "security_module_payout": done.payout,
    }


HANDLERS: dict[Kind, Handler] = {
    ("derive", "dutch_auction", "liquidation_auction_quote"): _auction_quote,
    ("derive", "dutch_auction", "liquidation_auction_step"): _auction_step,
}

# Worked by hand, one of each kind, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = [by_hand_derive.AUCTION_QUOTE, by_hand_derive.AUCTION_STEP]
