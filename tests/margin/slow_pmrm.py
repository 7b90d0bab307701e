"""Derive's portfolio margins again, slowly and in plain Python, from the rules as they are stated.

One option, one scenario, one term at a time; written apart from
`seawall.margin.portfolio.pmrm_v1` and `pmrm_v2` and sharing nothing with them but the parameters'
names.
"""

from __future__ import annotations

import math
from itertools import groupby

YEAR = 365 * 86_400


def black(forward, strike, years, vol, call):
    """Black-76 without discounting."""
    total = vol * math.sqrt(years)
    if total == 0:
        return max(forward - strike, 0.0) if call else max(strike - forward, 0.0)
    if forward <= 0:
        return 0.0 if call else strike
    d1 = math.log(forward / strike) / total + total / 2
    d2 = d1 - total

    def cdf(x):
        return math.erfc(-x / math.sqrt(2)) / 2

    value = forward * cdf(d1) - strike * cdf(d2)
    return value if call else value - forward + strike


def rows_of(account):
    """The options as dicts, and by expiry."""
    o = account.options
    rows = [
        {
            "expiry": o.expiry[n],
            "T": max(o.seconds[n], 0) / YEAR,
            "seconds": max(o.seconds[n], 0),
            "K": o.strike[n],
            "call": bool(o.call[n]),
            "a": o.amount[n],
            "F": o.forward[n],
            "vol": o.volatility[n],
            "r": max(o.rate[n], 0.0),
            "c": min(o.forward_confidence[n], o.rate_confidence[n], o.volatility_confidence[n]),
        }
        for n in range(len(o.names))
    ]
    rows.sort(key=lambda row: row["expiry"])
    return [list(group) for _, group in groupby(rows, key=lambda row: row["expiry"])]


def multiple(rule, direction, seconds):
    days = max(seconds / 86_400, rule.floor_days)
    power = rule.short_power if seconds <= 30 * 86_400 else rule.long_power
    x = (30 / days) ** power
    return {"up": 1 + rule.range_up * x, "down": max(0, 1 - rule.range_down * x), "same": 1}[
        direction
    ]


def naked(expiry):
    total = 0.0
    for strike in {row["K"] for row in expiry}:
        shorts = sum(-row["a"] for row in expiry if row["K"] == strike and row["a"] < 0)
        longs = sum(row["a"] for row in expiry if row["K"] == strike and row["a"] > 0)
        total += max(shorts - longs, 0)
    return total


def slow_v1(rule, account):
    """(net initial, net maintenance) of version 1."""
    spot, stable = account.spot["ETH"].price, account.settle_price
    q = sum(account.perps.size)
    mark = account.perps.mark[0] if len(account.perps.mark) else 0.0
    base = sum(account.balances.quantity)
    expiries = rows_of(account)

    def value(expiry, shock, direction):
        vol = multiple(rule.volatility, direction, expiry[0]["seconds"])
        return sum(
            o["a"] * black(o["F"] * shock, o["K"], o["T"], o["vol"] * vol, o["call"])
            for o in expiry
        )

    mtm = [value(expiry, 1.0, "same") for expiry in expiries]
    losses = []
    for s in rule.scenarios:
        total = 0.0
        for expiry, today in zip(expiries, mtm, strict=True):
            z = value(expiry, s.spot_shock, s.volatility)
            if z > 0:
                r, years = expiry[0]["r"], expiry[0]["T"]
                z *= rule.static_discount * math.exp(
                    -years * (rule.rate_multiple * r + rule.rate_add)
                )
            total += z - today
        total += base * spot * (s.spot_shock - 1) / stable + q * mark * (s.spot_shock - 1)
        losses.append(total)
    basis = 0.0
    for expiry, today in zip(expiries, mtm, strict=True):
        up = value(expiry, rule.basis_up, "same") - today
        down = value(expiry, rule.basis_down, "same") - today
        factor = rule.basis_add + rule.basis_per_year * expiry[0]["T"]
        basis += min(up, down, 0) * factor
    loss = min([basis, *losses])
    static = (abs(q) * rule.perp_contingency + base * rule.base_contingency) * spot
    static += sum(naked(expiry) for expiry in expiries) * rule.option_contingency * spot
    c = min([account.spot["ETH"].confidence, *(account.perps.confidence if q else [])])
    unsure = 0.0
    if c < rule.confidence_threshold:
        unsure += (1 - c) * rule.confidence_margin * spot * (abs(q) + base)
    for expiry in expiries:
        low = min([c, *(o["c"] for o in expiry)])
        if low < rule.confidence_threshold:
            gross = sum(abs(o["a"]) for o in expiry)
            unsure += (1 - low) * rule.confidence_margin * spot * gross
    p = account.perps
    rows = zip(p.size, p.mark, p.entry, p.accrued, strict=True)
    profit = sum(s * (m - e) + x for s, m, e, x in rows)
    worth = sum(mtm) + base * spot / stable + profit + account.cash
    factor = rule.initial_factor + rule.peg_factor * max(0, rule.peg_threshold - stable)
    return (loss - static) * factor - unsure + worth, loss - static + worth


def slow_v2(rule, account):
    """(net initial, net maintenance, scenario profits) of version 2."""
    spot, stable = account.spot["ETH"].price, account.settle_price
    q = sum(account.perps.size)
    mark = account.perps.mark[0] if len(account.perps.mark) else 0.0
    expiries = rows_of(account)
    held = [
        (rule.collateral[asset], quantity * price / stable, confidence)
        for asset, quantity, price, confidence in zip(
            account.balances.assets,
            account.balances.quantity,
            account.balances.price,
            account.balances.confidence,
            strict=True,
        )
        if asset in rule.collateral
    ]

    def forward(o, shock):
        fixed = 0.0
        if o["seconds"] < rule.settlement_seconds:
            fixed = o["F"] * (rule.settlement_seconds - o["seconds"]) / rule.settlement_seconds
        return fixed + (o["F"] - fixed) * shock

    def skewed(o, kind):
        k = math.log(o["K"] / o["F"])
        root = math.sqrt(o["T"])
        s = rule.skew
        if kind == "linear":
            cap = s.linear_cap + s.linear_per_root_year * root
        else:
            cap, k = s.abs_cap + s.abs_per_root_year * root, abs(k)
        level = s.volatility + root * s.volatility_per_root_year
        width = max(s.smallest_width, root * s.width_scale * level)
        tilt = k * cap / width
        tilt = min(cap, tilt) if k >= 0 else max(-cap, tilt)
        return o["vol"] * max(1 + tilt, 0)

    def volatility(o, kind):
        if kind in ("linear", "abs"):
            return skewed(o, kind)
        shifted = o["vol"] * multiple(rule.volatility, kind, o["seconds"])
        return max(rule.volatility.smallest_up, shifted) if kind == "up" else shifted

    def value(expiry, shock, kind):
        df = math.exp(-expiry[0]["r"] * expiry[0]["T"])
        return df * sum(
            o["a"] * black(forward(o, shock), o["K"], o["T"], volatility(o, kind), o["call"])
            for o in expiry
        )

    mtm = [value(expiry, 1.0, "same") for expiry in expiries]
    profits = []
    for s in rule.scenarios:
        skew = s.volatility in ("linear", "abs")
        total = q * mark * (s.spot_shock - 1) * s.dampening
        for terms, worth, _ in held:
            if terms.cancels_risk:
                total += worth * (s.spot_shock - 1) * s.dampening
        for expiry, today in zip(expiries, mtm, strict=True):
            z = value(expiry, 1.0 if skew else s.spot_shock, s.volatility)
            d, r, years = rule.discount, expiry[0]["r"], expiry[0]["T"]
            if z >= 0:
                z *= d.long_base * math.exp(-years * (r * d.long_rate_multiple + d.long_rate_add))
            else:
                grown = d.short_base * math.exp(
                    years * (r * d.short_rate_multiple + d.short_rate_add)
                )
                z *= min(math.exp(r * years), grown)
            change = (z - today) * s.dampening
            total += -abs(change) if skew else change
        profits.append(total)
    basis = 0.0
    for expiry, today in zip(expiries, mtm, strict=True):
        up = value(expiry, rule.basis.up, "same") - today
        down = value(expiry, rule.basis.down, "same") - today
        basis += min(up, down, 0) * (rule.basis.add + rule.basis.per_year * expiry[0]["T"])
    loss = min([basis, *profits])
    g = rule.contingency
    shorts = sum(naked(expiry) for expiry in expiries)
    mm = abs(q) * spot * g.perp_maintenance + shorts * spot * g.option_maintenance
    im = abs(q) * spot * g.perp_initial + shorts * spot * g.option_initial
    sure = account.spot["ETH"].confidence
    c = min([sure, *(account.perps.confidence if q else [])])

    def charge(confidence, notional):
        low = confidence < g.confidence_threshold
        return (1 - confidence) * g.confidence_margin * notional if low else 0.0

    im += charge(c, abs(q) * spot)
    for expiry in expiries:
        low = min([c, *(o["c"] for o in expiry)])
        im += charge(low, sum(abs(o["a"]) for o in expiry) * spot)
    for terms, worth, confidence in held:
        mm += worth * terms.maintenance
        im += worth * terms.initial + charge(min(confidence, sure), worth)
    p = account.perps
    rows = zip(p.size, p.mark, p.entry, p.accrued, strict=True)
    profit = sum(s * (m - e) + x for s, m, e, x in rows)
    worth = sum(mtm) + sum(w for _, w, _ in held) + profit + account.cash
    factor = rule.initial_factor + g.peg_factor * max(0, g.peg_threshold - stable)
    return loss * factor - im - mm + worth, loss * rule.maintenance_factor - mm + worth, profits
