"""What `seawall whatif` answers, as one dict: the JSON, and all that its page prints."""

from __future__ import annotations

from typing import Any

from seawall import __version__
from seawall.case import Case
from seawall.whatif.compare import State, WhatIf
from seawall.whatif.margin_answer import case_names, standing_dict, threat_dict

SCHEMA = "seawall/whatif/1"


def whatif_answer(case: Case, found: WhatIf) -> dict[str, Any]:
    """Trades, shock, and the states they lead to; ``found`` from `seawall.whatif.compare`."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "case": case_names(case),
        "account": found.account,
        "trades": [
            {"instrument": t.instrument, "size": t.size, "price": found.marks[n]}
            for n, t in enumerate(found.trades)
        ],
        "shock": {"spot": dict(found.shock.spot), "volatility": found.shock.volatility},
        "states": [_state(state) for state in found.states],
    }


def _state(state: State) -> dict[str, Any]:
    first = state.first
    return {
        "name": state.name,
        "accounts": [standing_dict(s) for s in state.standings],
        "greeks": [
            {
                "asset": e.asset,
                "spot": e.spot,
                "delta": e.delta,
                "gamma": e.gamma,
                "vega": e.vega,
                "theta": e.theta,
            }
            for e in state.exposures
        ],
        "first": None
        if first is None
        else {"account": first[0].held.name, **threat_dict(first[1])},
    }
