"""Derive's kinds on numbers worked by hand: options without volatility, one year to go.

The same books stand in tests/margin and tests/liquidation, where each step is worked out.
"""

from __future__ import annotations

from peer_runner import PeerCase

YEAR = 365 * 86_400
COIN = 1000 / 0.97  # one coin in a stable coin at 0.97
EXACT = {"absolute": 1e-8}

# Up 15% loses 300 on two calls and gains 151.5 and 15% of half a coin; contingencies 57.5.
_V1_LOSS = -300 + 151.5 + 0.15 * COIN / 2
_V1_WORTH = 500 - 200 + 30 + COIN / 2

PMRM_V1: PeerCase = {
    "venue": "derive",
    "engine": "pmrm_v1",
    "kind": "account_margin",
    "parameters": {
        "scenarios": [{"spot_shock": s, "vol_shock": 0} for s in (1.15, 1.0, 0.85)],
        "basis_spot_up": 1.05,
        "basis_spot_down": 0.95,
        "basis_add": 0.25,
        "basis_mult": 0.01,
        "peg_threshold": 0.98,
        "peg_factor": 2,
        "conf_threshold": 0.6,
        "conf_margin": 0.4,
        "base_pct": 0.025,
        "perp_pct": 0.025,
        "option_pct": 0.01,
        "im_factor": 1.3,
        "static_discount": 0.95,
        "rate_mult": 4,
        "rate_add": 0.12,
        "vol_range_up": 0.45,
        "vol_range_down": 0.3,
        "short_term_power": 0.3,
        "long_term_power": 0.13,
        "dte_floor_days": 1,
    },
    "market": {
        "spot": 1000.0,
        "spot_confidence": 1.0,
        "stable_price": 0.97,
        "perp_price": 1010.0,
        "perp_confidence": 1.0,
        "rate": 0.02,
        "forwards": {"later": {"price": 1000.0, "confidence": 1.0}},
        "seconds_to_expiry": {"later": YEAR},
    },
    "account": {
        "cash": 500.0,
        "options": [
            {
                "expiry_key": "later",
                "strike": 900.0,
                "type": "call",
                "amount": -2.0,
                "vol": 0.0,
                "vol_confidence": 1.0,
            }
        ],
        "perps": [{"size": 1.0, "entry_price": 980.0}],
        "base_units": 0.5,
    },
    "expected": {
        "im": (_V1_LOSS - 57.5) * 1.32 + _V1_WORTH,
        "mm": _V1_LOSS - 57.5 + _V1_WORTH,
    },
    "tolerance": EXACT,
}

# Up 18% loses 180 on the call and 363.6 on two short perpetuals and gains 18% of a coin.
_V2_UP = -180 - 363.6 + 0.18 * COIN
_V2_DOWN = 100 + 363.6 - 0.18 * COIN
_V2_TAIL = 0.05 * (-2000 - 4040 + 2 * COIN)
_V2_WORTH = 800 - 100 + 20 + COIN
_V2_MM = 30 + 3 + 0.1 * COIN
_V2_IM = 10 + 2 + 0.05 * COIN

PMRM_V2: PeerCase = {
    "venue": "derive",
    "engine": "pmrm_v2",
    "kind": "account_margin",
    "parameters": {
        "Scenarios": [
            *(
                {"SpotShock": 1.18, "VolShockDirection": "None", "DampeningFactor": 1}
                for _ in range(22)
            ),
            {"SpotShock": 0.82, "VolShockDirection": "None", "DampeningFactor": 1},
            {"SpotShock": 3.0, "VolShockDirection": "None", "DampeningFactor": 0.05},
            {"SpotShock": 1, "VolShockDirection": "ABS", "DampeningFactor": 1},
        ],
        "SkewShock": {
            "LINEAR_SCALE_CAP": 0.15,
            "LINEAR_CBASE": -0.05,
            "ABS_SCALE_CAP": 0.15,
            "ABS_CBASE": -0.05,
            "MIN_K_STAR": 0.01,
            "MIN_WIDTH_SCALE": 4.0,
            "VOL_PARAM_STATIC": 0.6,
            "VOL_PARAM_SCALE": -0.1,
        },
        "VolShock": {
            "VOLRANGEUP": 0.5,
            "MIN_VOL_EVAL_SHOCKED": 0.45,
            "VOLRANGEDOWN": 0.275,
            "SHORTTERMPOWER": 0.3,
            "LONGTERMPOWER": 0.13,
            "DTE_FLOOR": 1.0,
        },
        "Margin": {
            "MM_LOSS_FACTOR": 0.8,
            "IM_LOSS_FACTOR": 1.0,
            "SHORT_RATE_MULTSCALE": 0.0,
            "LONG_RATE_MULTSCALE": 0.0,
            "SHORT_RATE_ADDSCALE": 0.0,
            "LONG_RATE_ADDSCALE": 0.0,
            "BASE_STATIC_DISCOUNT": 1.0,
            "BASE_STATIC_DISCOUNT_NEG": 1.0,
        },
        "BasisContingency": {
            "SCENARIO_SPOT_UP": 1.045,
            "SCENARIO_SPOT_DOWN": 0.955,
            "BASIS_CONT_ADD_FACTOR": 0.5,
            "BASIS_CONT_MULT_FACTOR": 2.0,
        },
        "OtherContingency": {
            "PEG_LOSS_THRESHOLD": 0.98,
            "PEG_LOSS_FACTOR": 2.0,
            "CONF_THRESHOLD": 0.55,
            "CONF_MARGIN": 1.0,
            "MM_PERP_PERCENT": 0.015,
            "IM_PERP_PERCENT": 0.005,
            "MM_OPTION_PERCENT": 0.003,
            "IM_OPTION_PERCENT": 0.002,
        },
    },
    "scenario": {
        "Cash": 800.0,
        "Collaterals": [
            {
                "Name": "COIN",
                "Amount": 1.0,
                "Price": 1000.0,
                "Confidence": 1.0,
                "IsRiskCancelling": True,
                "IMHaircut": 0.05,
                "MMHaircut": 0.1,
            }
        ],
        "SpotPrice": 1000.0,
        "SpotConfidence": 1.0,
        "NumPerps": -2.0,
        "PerpPrice": 1010.0,
        "PerpConfidence": 1.0,
        "UnrealisedPerpPNL": 25.0,
        "UnrealisedFunding": -5.0,
        "StablePrice": 0.97,
        "StableConfidence": 1.0,
        "Options": [{"Expiry": YEAR, "Strike": 900.0, "IsCall": 1, "MarkVol": 0.0, "Amount": -1.0}],
        "OptionFeeds": [
            {
                "FeedExpiry": YEAR,
                "Forward": 1000.0,
                "ForwardConfidence": 1.0,
                "Rate": 0.0,
                "RateConfidence": 1.0,
                "OptionVolConfidences": 1.0,
            }
        ],
    },
    "expected": {
        "im": _V2_UP * 1.02 - _V2_IM - _V2_MM + _V2_WORTH,
        "mm": _V2_UP * 0.8 - _V2_MM + _V2_WORTH,
        "mtm_plus_cash": _V2_WORTH,
        "worst_regular_loss": _V2_UP,
        "worst_tail_loss": _V2_TAIL,
        "worst_skew_loss": 0.0,
        "forward_contingency": -112.5,
        "scenario_losses": [*([_V2_UP] * 22), _V2_DOWN, _V2_TAIL, 0.0],
    },
    "tolerance": EXACT,
}

# A spread that loses at most 200; isolated, its short call needs 100 + 150 and 100 + 75.
STANDARD: PeerCase = {
    "venue": "derive",
    "engine": "standard_manager",
    "kind": "account_margin",
    "parameters": {
        "perp_mm_req": 0.05,
        "perp_im_req": 0.065,
        "option_im_max_spot_req": 0.15,
        "option_im_min_spot_req": 0.1,
        "option_mm_call_spot_req": 0.075,
        "option_mm_put_spot_req": 0.075,
        "option_mm_put_mtm_req": 0.075,
        "unpaired_call_im_scale": 1.2,
        "unpaired_call_mm_scale": 1.1,
        "put_im_mm_offset_scale": 1.05,
        "oracle_conf_threshold_perp": 0.4,
        "oracle_conf_threshold_option": 0.4,
        "oracle_conf_threshold_base": 0.4,
        "oracle_contingency_factor": 0.4,
        "depeg_threshold": 0.98,
        "depeg_factor": 1.2,
        "base_im_scale": 0.9,
        "base_margin_factor": 0.8,
    },
    "market": {
        "stable_price": 1.0,
        "underlyings": {
            "ETH": {
                "spot": 1000.0,
                "spot_confidence": 1.0,
                "perp_price": 1010.0,
                "perp_confidence": 0.3,
                "forwards": {"later": {"price": 1000.0, "confidence": 1.0}},
            }
        },
    },
    "account": {
        "cash": 10.0,
        "options": [
            {
                "underlying": "ETH",
                "expiry_key": "later",
                "seconds_to_expiry": YEAR,
                "strike": strike,
                "type": "call",
                "amount": amount,
                "vol": 0.0,
                "vol_confidence": 1.0,
            }
            for strike, amount in ((900.0, -1.0), (1100.0, 1.0))
        ],
        "perps": {"ETH": {"size": -2.0, "unsettled_plus_unrealized_pnl": 40.0}},
        "bases": {"ETH": 1.0},
    },
    "expected": {
        "im": 10 - 200 + 40 - 2020 * 0.065 - 0.7 * 0.4 * 2000 + 720,
        "mm": 10 - 175 + 40 - 2020 * 0.05 + 800,
        "mtm": 10 - 100 + 40 + 1000,
    },
    "tolerance": EXACT,
}

_AUCTION = {
    "starting_mtm_pct": 1.0,
    "fast_cutoff_pct": 0.8,
    "fast_seconds": 600,
    "slow_seconds": 7200,
    "buffer_margin_pct": 0.1,
}

# Half way down to 0.8: 270 for the whole; 140 / (140 + 270) of it restores the buffer.
AUCTION_QUOTE: PeerCase = {
    "venue": "derive",
    "engine": "dutch_auction",
    "kind": "liquidation_auction_quote",
    "parameters": _AUCTION,
    "market": {"seconds_since_start": 300},
    "account": {
        "mark_to_market": 300.0,
        "maintenance_margin": -100.0,
        "want_fraction_of_current": 1.0,
    },
    "expected": {
        "bid_price": 270.0,
        "max_fraction_3dp_floor": 0.341,
        "cash_from_bidder_floor": 92,
    },
    "tolerance": {"as_named": True},
}

# A tenth of it with 30 reserved: 24.3 is paid, 270 x 0.9 and 54.3 stay.
AUCTION_STEP: PeerCase = {
    **AUCTION_QUOTE,
    "kind": "liquidation_auction_step",
    "market": {"seconds_since_start": 300, "reserved_cash_before": 30.0},
    "account": {**AUCTION_QUOTE["account"], "want_fraction_of_current": 0.1},
    "expected": {
        "buffer_margin": -140.0,
        "max_fraction": 140 / 413,
        "cash_from_bidder": 24.3,
        "fraction_liquidated_of_current": 0.1,
        "post_mark_to_market": 270 * 0.9 + 54.3,
        "post_maintenance_margin": -130 * 0.9 + 54.3,
        "security_module_payout": 0.0,
    },
    "tolerance": EXACT,
}
