"""Handlers of peers' cases: derive. They convert inputs and units and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import by_hand_derive
import numpy as np
from peer_runner import Handler, Kind, PeerCase

from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps, SpotPrice
from seawall.margin.account.working import AccountMargin
from seawall.margin.portfolio.pmrm_parts import VolatilityShock
from seawall.margin.portfolio.pmrm_v1 import PmrmV1, SpotVolatilityShock, pmrm_v1
from seawall.margin.portfolio.pmrm_v2 import Basis, PmrmV2, pmrm_v2
from seawall.margin.portfolio.pmrm_v2_contingencies import CoinHaircut, Contingency
from seawall.margin.portfolio.pmrm_v2_shocks import Scenario, SkewShock, StaticDiscount
from seawall.margin.portfolio.standard_manager import standard_margin
from seawall.margin.portfolio.standard_rules import (
    CoinShares,
    OptionShares,
    OracleCharge,
    PerpShares,
    StandardManager,
    StandardMarket,
)

UNDERLYING = "the underlying"
VOL_SHOCK = {1: "up", 0: "same", -1: "down"}
DIRECTION = {"Up": "up", "None": "same", "Down": "down", "LINEAR": "linear", "ABS": "abs"}


def _options(rows: Sequence[Mapping[str, Any]]) -> Options:
    """Options from rows with the field names of `Options`."""

    def column(name: str, default: float = 1.0) -> np.ndarray:
        return np.array([row.get(name, default) for row in rows], dtype=float)

    return Options(
        names=tuple("" for _ in rows),
        underlying=tuple(row.get("underlying", UNDERLYING) for row in rows),
        expiry=tuple(str(row["expiry"]) for row in rows),
        seconds=column("seconds"),
        strike=column("strike"),
        call=np.array([row["call"] for row in rows], dtype=bool),
        amount=column("amount"),
        forward=column("forward"),
        forward_confidence=column("forward_confidence"),
        volatility=column("volatility"),
        volatility_confidence=column("volatility_confidence"),
        rate=column("rate", 0.0),
        rate_confidence=column("rate_confidence"),
        inverse=np.zeros(len(rows), dtype=bool),
    )


def _perps(rows: Sequence[Mapping[str, Any]]) -> Perps:
    """Perpetuals from rows with the field names of `Perps`."""

    def column(name: str) -> np.ndarray:
        return np.array([row.get(name, 0.0) for row in rows], dtype=float)

    return Perps(
        names=tuple("perpetual" for _ in rows),
        underlying=tuple(row.get("underlying", UNDERLYING) for row in rows),
        size=column("size"),
        entry=column("entry"),
        mark=column("mark"),
        confidence=column("confidence"),
        accrued=column("accrued"),
        inverse=np.zeros(len(rows), dtype=bool),
        seconds=np.full(len(rows), np.inf),
    )


def _balances(rows: Sequence[Mapping[str, Any]]) -> Balances:
    """Coins from rows with asset, quantity, price, confidence."""
    return Balances(
        tuple(row["asset"] for row in rows),
        np.array([row["quantity"] for row in rows], dtype=float),
        np.array([row["price"] for row in rows], dtype=float),
        np.array([row["confidence"] for row in rows], dtype=float),
    )


def _net(margin: AccountMargin) -> dict[str, Any]:
    return {"im": margin.net_initial, "mm": margin.net_maintenance}


def _pmrm_v1(case: PeerCase) -> Mapping[str, Any]:
    market, account = case["market"], case["account"]
    spot = SpotPrice(market["spot"], market["spot_confidence"])
    options = [
        {
            "expiry": o["expiry_key"],
            "seconds": market["seconds_to_expiry"][o["expiry_key"]],
            "strike": o["strike"],
            "call": o["type"] == "call",
            "amount": o["amount"],
            "forward": market["forwards"][o["expiry_key"]]["price"],
            "forward_confidence": market["forwards"][o["expiry_key"]]["confidence"],
            "volatility": o["vol"],
            "volatility_confidence": o["vol_confidence"],
            "rate": market["rate"],
        }
        for o in account["options"]
    ]
    perps = [
        {
            "size": p["size"],
            "entry": p["entry_price"],
            "mark": market["perp_price"],
            "confidence": market["perp_confidence"],
        }
        for p in account["perps"]
    ]
    base = {"asset": UNDERLYING, "quantity": account["base_units"], "price": spot.price}
    held = MarginAccount(
        name="account",
        settle="stable",
        cash=account["cash"],
        spot={UNDERLYING: spot},
        settle_price=market["stable_price"],
        perps=_perps(perps),
        options=_options(options),
        balances=_balances([{**base, "confidence": spot.confidence}]),
    )
    return _net(pmrm_v1(_v1_rule(case["parameters"]), held))


def _v1_rule(p: Mapping[str, Any]) -> PmrmV1:
    return PmrmV1(
        scenarios=tuple(
            SpotVolatilityShock(s["spot_shock"], VOL_SHOCK[s["vol_shock"]]) for s in p["scenarios"]
        ),
        volatility=VolatilityShock(
            range_up=p["vol_range_up"],
            range_down=p["vol_range_down"],
            short_power=p["short_term_power"],
            long_power=p["long_term_power"],
            floor_days=p["dte_floor_days"],
        ),
        basis_up=p["basis_spot_up"],
        basis_down=p["basis_spot_down"],
        basis_add=p["basis_add"],
        basis_per_year=p["basis_mult"],
        peg_threshold=p["peg_threshold"],
        peg_factor=p["peg_factor"],
        confidence_threshold=p["conf_threshold"],
        confidence_margin=p["conf_margin"],
        base_contingency=p["base_pct"],
        perp_contingency=p["perp_pct"],
        option_contingency=p["option_pct"],
        initial_factor=p["im_factor"],
        static_discount=p["static_discount"],
        rate_multiple=p["rate_mult"],
        rate_add=p["rate_add"],
    )


def _pmrm_v2(case: PeerCase) -> Mapping[str, Any]:
    s = case["scenario"]
    feeds = {feed["FeedExpiry"]: feed for feed in s["OptionFeeds"]}
    options = [
        {
            "expiry": feeds[o["Expiry"]]["FeedExpiry"],  # one name, however it is written
            "seconds": o["Expiry"],
            "strike": o["Strike"],
            "call": o["IsCall"] == 1,
            "amount": o["Amount"],
            "forward": feeds[o["Expiry"]]["Forward"],
            "forward_confidence": feeds[o["Expiry"]]["ForwardConfidence"],
            "volatility": o["MarkVol"],
            "volatility_confidence": feeds[o["Expiry"]]["OptionVolConfidences"],
            "rate": feeds[o["Expiry"]]["Rate"],
            "rate_confidence": feeds[o["Expiry"]]["RateConfidence"],
        }
        for o in s["Options"]
    ]
    priced = {"entry": s["PerpPrice"], "mark": s["PerpPrice"], "confidence": s["PerpConfidence"]}
    perps = [  # one contract; its profit and its funding stand in a row each
        {**priced, "size": s["NumPerps"], "accrued": s["UnrealisedPerpPNL"]},
        {**priced, "size": 0.0, "accrued": s["UnrealisedFunding"]},
    ]
    coins = [
        {
            "asset": c["Name"],
            "quantity": c["Amount"],
            "price": c["Price"],
            "confidence": c["Confidence"],
        }
        for c in s["Collaterals"]
    ]
    held = MarginAccount(
        name="account",
        settle="stable",
        cash=s["Cash"],
        spot={UNDERLYING: SpotPrice(s["SpotPrice"], s["SpotConfidence"])},
        settle_price=s["StablePrice"],
        settle_confidence=s["StableConfidence"],
        perps=_perps(perps),
        options=_options(options),
        balances=_balances(coins),
    )
    margin = pmrm_v2(_v2_rule(case["parameters"], s["Collaterals"]), held)
    working = margin.working
    worst = {line.name: line.value for line in working.find("worst").parts}
    return {
        **_net(margin),
        "mtm_plus_cash": working.find("equity").value,
        "forward_contingency": working.find("basis contingency").value,
        "scenario_losses": [line.value for line in working.find("scenarios").parts],
        "worst_regular_loss": worst.get("worst regular scenario"),
        "worst_tail_loss": worst.get("worst tail scenario"),
        "worst_skew_loss": worst.get("worst skew scenario"),
    }


def _v2_rule(p: Mapping[str, Any], collaterals: Sequence[Mapping[str, Any]]) -> PmrmV2:
    vol, skew, margin = p["VolShock"], p["SkewShock"], p["Margin"]
    basis, other = p["BasisContingency"], p["OtherContingency"]
    return PmrmV2(
        scenarios=tuple(
            Scenario(s["SpotShock"], DIRECTION[s["VolShockDirection"]], float(s["DampeningFactor"]))
            for s in p["Scenarios"]
        ),
        volatility=VolatilityShock(
            range_up=vol["VOLRANGEUP"],
            range_down=vol["VOLRANGEDOWN"],
            short_power=vol["SHORTTERMPOWER"],
            long_power=vol["LONGTERMPOWER"],
            floor_days=vol["DTE_FLOOR"],
            smallest_up=vol["MIN_VOL_EVAL_SHOCKED"],
        ),
        skew=SkewShock(
            linear_cap=skew["LINEAR_SCALE_CAP"],
            linear_per_root_year=skew["LINEAR_CBASE"],
            abs_cap=skew["ABS_SCALE_CAP"],
            abs_per_root_year=skew["ABS_CBASE"],
            smallest_width=skew["MIN_K_STAR"],
            width_scale=skew["MIN_WIDTH_SCALE"],
            volatility=skew["VOL_PARAM_STATIC"],
            volatility_per_root_year=skew["VOL_PARAM_SCALE"],
        ),
        discount=StaticDiscount(
            long_base=margin["BASE_STATIC_DISCOUNT"],
            long_rate_multiple=margin["LONG_RATE_MULTSCALE"],
            long_rate_add=margin["LONG_RATE_ADDSCALE"],
            short_base=margin["BASE_STATIC_DISCOUNT_NEG"],
            short_rate_multiple=margin["SHORT_RATE_MULTSCALE"],
            short_rate_add=margin["SHORT_RATE_ADDSCALE"],
        ),
        basis=Basis(
            up=basis["SCENARIO_SPOT_UP"],
            down=basis["SCENARIO_SPOT_DOWN"],
            add=basis["BASIS_CONT_ADD_FACTOR"],
            per_year=basis["BASIS_CONT_MULT_FACTOR"],
        ),
        contingency=Contingency(
            peg_threshold=other["PEG_LOSS_THRESHOLD"],
            peg_factor=other["PEG_LOSS_FACTOR"],
            confidence_threshold=other["CONF_THRESHOLD"],
            confidence_margin=other["CONF_MARGIN"],
            perp_maintenance=other["MM_PERP_PERCENT"],
            perp_initial=other["IM_PERP_PERCENT"],
            option_maintenance=other["MM_OPTION_PERCENT"],
            option_initial=other["IM_OPTION_PERCENT"],
        ),
        maintenance_factor=margin["MM_LOSS_FACTOR"],
        initial_factor=margin["IM_LOSS_FACTOR"],
        collateral={
            c["Name"]: CoinHaircut(c["MMHaircut"], c["IMHaircut"], c["IsRiskCancelling"])
            for c in collaterals
        },
    )


def _standard_manager(case: PeerCase) -> Mapping[str, Any]:
    underlyings, account = case["market"]["underlyings"], case["account"]
    spot = {u: SpotPrice(m["spot"], m["spot_confidence"]) for u, m in underlyings.items()}
    options = [
        {
            "underlying": o["underlying"],
            "expiry": o["expiry_key"],
            "seconds": o["seconds_to_expiry"],
            "strike": o["strike"],
            "call": o["type"] == "call",
            "amount": o["amount"],
            "forward": underlyings[o["underlying"]]["forwards"][o["expiry_key"]]["price"],
            "forward_confidence": underlyings[o["underlying"]]["forwards"][o["expiry_key"]][
                "confidence"
            ],
            "volatility": o["vol"],
            "volatility_confidence": o["vol_confidence"],
        }
        for o in account["options"]
    ]
    perps = [
        {
            "underlying": coin,
            "size": p["size"],
            "entry": underlyings[coin]["perp_price"],
            "mark": underlyings[coin]["perp_price"],
            "confidence": underlyings[coin]["perp_confidence"],
            "accrued": p["unsettled_plus_unrealized_pnl"],
        }
        for coin, p in account["perps"].items()
    ]
    coins = [
        {
            "asset": coin,
            "quantity": quantity,
            "price": spot[coin].price,
            "confidence": spot[coin].confidence,
        }
        for coin, quantity in account["bases"].items()
    ]
    held = MarginAccount(
        name="account",
        settle="stable",
        cash=account["cash"],
        spot=spot,
        settle_price=case["market"]["stable_price"],
        perps=_perps(perps),
        options=_options(options),
        balances=_balances(coins),
    )
    margin = standard_margin(_standard_rule(case["parameters"], list(underlyings)), held)
    return {**_net(margin), "mtm": float(margin.requirement.equity)}


def _standard_rule(p: Mapping[str, Any], underlyings: Sequence[str]) -> StandardManager:
    market = StandardMarket(
        oracle=OracleCharge(
            perp_threshold=p["oracle_conf_threshold_perp"],
            option_threshold=p["oracle_conf_threshold_option"],
            coin_threshold=p["oracle_conf_threshold_base"],
            factor=p["oracle_contingency_factor"],
        ),
        perp=PerpShares(maintenance=p["perp_mm_req"], initial=p["perp_im_req"]),
        option=OptionShares(
            initial_base=p["option_im_max_spot_req"],
            initial_floor=p["option_im_min_spot_req"],
            maintenance_call=p["option_mm_call_spot_req"],
            maintenance_put=p["option_mm_put_spot_req"],
            maintenance_put_value=p["option_mm_put_mtm_req"],
            put_initial_of_maintenance=p["put_im_mm_offset_scale"],
            unpaired_maintenance=p["unpaired_call_mm_scale"],
            unpaired_initial=p["unpaired_call_im_scale"],
        ),
        coin=CoinShares(share=p["base_margin_factor"], initial_scale=p["base_im_scale"]),
    )
    return StandardManager(
        depeg_threshold=p["depeg_threshold"],
        depeg_factor=p["depeg_factor"],
        markets=dict.fromkeys(underlyings, market),
    )


HANDLERS: dict[Kind, Handler] = {
    ("derive", "pmrm_v1", "account_margin"): _pmrm_v1,
    ("derive", "pmrm_v2", "account_margin"): _pmrm_v2,
    ("derive", "standard_manager", "account_margin"): _standard_manager,
}

# Worked by hand, one of each kind, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = [by_hand_derive.PMRM_V1, by_hand_derive.PMRM_V2, by_hand_derive.STANDARD]
