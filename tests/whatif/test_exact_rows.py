"""Exact margins beside each other: one that cannot be had is a row with the sentence why."""

from __future__ import annotations

from dataclasses import replace

from tiny_cases import Held, Trader, coin, perpetual, tiny_case

from seawall.venues.preset import rulebook_from
from seawall.venues.rulebook import WHOLE
from seawall.whatif.margin_answer import margin_answer


def test_an_account_its_own_venue_cannot_count_exactly_leaves_the_others() -> None:
    bybit = rulebook_from({"preset": "bybit"}, file="bybit.toml")
    traders = [
        Trader(venue, (Held("BTC-PERP", 1.0, 90_000.0),), {"USD": 50_000.0}, owner="desk")
        for venue in ("whole", "bybit")
    ]
    case = tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"whole": replace(bybit, tier_form=WHOLE), "bybit": bybit},
        {"BTC": coin(100_000.0)},
    )
    refused, counted = margin_answer(case, exact=True)["exact"]
    assert "counts a tier's rate on the whole position" in refused["reason"]
    assert counted["reason"] is None
    assert counted["margins"][0]["maintenance"] > 0
