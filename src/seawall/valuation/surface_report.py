"""How well a volatility surface fits its quotes, expiry by expiry, as numbers.

A fitted volatility is right when it lies between bid and ask: nobody can trade against it. The
root mean square miss is measured from the middle of bid and ask, in volatility points (0.01 of
annual volatility), all quotes alike; the worst is measured from the nearer of bid and ask.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.market.surface import Slices, slice_derivatives
from seawall.valuation.stickiness import TermStickiness
from seawall.valuation.surface_checks import ArbitrageCheck
from seawall.valuation.surface_fit import SurfaceFit
from seawall.valuation.surface_quotes import Dropped, ExpiryQuotes

Floats = NDArray[np.float64]

SCHEMA = "seawall/surface/1"


@dataclass(frozen=True)
class ExpiryReport:
    """One expiry.

    years, forward     of the expiry
    used, dropped      quotes fitted to; left out, {reason: quotes}
    inside             used quotes whose fitted volatility lies between bid and ask
    essvi_inside       the same for the eSSVI surface that the fit started from
    rmse               of fitted less middle volatility, annual fraction
    worst              farthest outside bid and ask, annual fraction (0: none is), below the bid < 0
    worst_strike       where; None when all are inside
    half_spread        median half spread of the used quotes, annual fraction
    money, skew        volatility at the money and its change per unit of log-moneyness
    parameters         raw SVI a, b, rho, m, sigma; bump, place, spread as in market.surface
    check              of arbitrage
    """

    years: float
    forward: float
    used: int
    dropped: dict[str, int]
    inside: int
    essvi_inside: int
    rmse: float
    worst: float
    worst_strike: float | None
    half_spread: float
    money: float
    skew: float
    parameters: dict[str, float]
    check: ArbitrageCheck


@dataclass(frozen=True)
class SurfaceReport:
    """The whole surface: totals over ``expiries`` as properties, and what had no use.

    curve      "SVI with bump" or "eSSVI"   rounds   searches until it was free of arbitrage
    unusable   {years to expiry: {reason: quotes}} of expiries that could not be fitted
    """

    underlying: str
    as_of: str | None
    curve: str
    rounds: int
    expiries: tuple[ExpiryReport, ...]
    unusable: dict[float, dict[str, int]]

    @property
    def used(self) -> int:
        """Quotes fitted to."""
        return sum(expiry.used for expiry in self.expiries)

    @property
    def dropped(self) -> dict[str, int]:
        """Quotes left out, {reason: number}, unusable expiries included."""
        found = [expiry.dropped for expiry in self.expiries] + list(self.unusable.values())
        totals = {d.value: sum(counts.get(d.value, 0) for counts in found) for d in Dropped}
        return {reason: number for reason, number in totals.items() if number}

    @property
    def inside_share(self) -> float:
        """Share of used quotes whose fitted volatility lies between bid and ask."""
        return sum(expiry.inside for expiry in self.expiries) / self.used

    @property
    def essvi_inside_share(self) -> float:
        """The same for the eSSVI surface."""
        return sum(expiry.essvi_inside for expiry in self.expiries) / self.used

    @property
    def rmse(self) -> float:
        """Root mean square of fitted less middle volatility over all used quotes."""
        return float(np.sqrt(sum(e.used * e.rmse**2 for e in self.expiries) / self.used))

    @property
    def worst(self) -> ExpiryReport:
        """The expiry with the quote farthest outside its bid and ask."""
        return max(self.expiries, key=lambda expiry: abs(expiry.worst))

    @property
    def arbitrage_free(self) -> bool:
        """True when every check has passed."""
        return all(expiry.check.passed for expiry in self.expiries)


def report_of(fit: SurfaceFit) -> SurfaceReport:
    """The report of a fit."""
    quotes, surface = fit.quotes, fit.surface
    essvi = fit.essvi.slices
    return SurfaceReport(
        underlying=quotes.underlying,
        as_of=quotes.as_of.isoformat() if quotes.as_of else None,
        curve=fit.curve,
        rounds=fit.rounds,
        expiries=tuple(
            _expiry(expiry, surface.slices.at(i), essvi.at(i), fit.checks[i])
            for i, expiry in enumerate(quotes.expiries)
        ),
        unusable={
            years: {reason.value: number for reason, number in counts.items()}
            for years, counts in quotes.unusable.items()
        },
    )


def _expiry(
    quotes: ExpiryQuotes, curve: Slices, essvi: Slices, check: ArbitrageCheck
) -> ExpiryReport:
    fitted, other = _volatility(curve, quotes), _volatility(essvi, quotes)
    # Below the bid < 0, above the ask > 0, between them 0.
    outside = np.minimum(fitted - quotes.bid_volatility, 0.0) + np.maximum(
        fitted - quotes.ask_volatility, 0.0
    )
    worst = int(np.argmax(np.abs(outside)))
    w, slope, _ = (float(x) for x in slice_derivatives(curve, 0.0))
    money = float(np.sqrt(w / quotes.years))
    return ExpiryReport(
        years=quotes.years,
        forward=quotes.forward,
        used=fitted.size,
        dropped={reason.value: number for reason, number in quotes.dropped.items()},
        inside=int(np.sum(outside == 0.0)),
        essvi_inside=int(
            np.sum((other >= quotes.bid_volatility) & (other <= quotes.ask_volatility))
        ),
        rmse=float(np.sqrt(np.mean((fitted - quotes.middle) ** 2))),
        worst=float(outside[worst]),
        worst_strike=float(quotes.strike[worst]) if outside[worst] else None,
        half_spread=float(np.median(quotes.half_spread)),
        money=money,
        skew=slope / (2.0 * money * quotes.years),
        parameters={name: float(value) for name, value in curve.raw().items()},
        check=check,
    )


def _volatility(curve: Slices, quotes: ExpiryQuotes) -> Floats:
    w = slice_derivatives(curve, quotes.log_moneyness)[0]
    fitted: Floats = np.sqrt(w / quotes.years)
    return fitted


def report_json(
    report: SurfaceReport, stickiness: tuple[TermStickiness, ...] = ()
) -> dict[str, Any]:
    """The report as plain values for JSON, with skew-stickiness ratios; keys in docs/surface.md.

    Where an arbitrage check is worst in a wing far out, ``at_step`` is null and ``wing`` names it.
    """
    expiries = []
    for expiry in report.expiries:
        entry = asdict(expiry)
        check = {**entry.pop("check"), "passed": expiry.check.passed}
        far = expiry.check.at_step is not None and not np.isfinite(expiry.check.at_step)
        check["wing"] = None
        if far and expiry.check.at_step is not None:
            check["wing"] = "left" if expiry.check.at_step < 0.0 else "right"
            check["at_step"] = None
        expiries.append({**entry, "check": check})
    return {
        "schema": SCHEMA,
        "underlying": report.underlying,
        "as_of": report.as_of,
        "curve": report.curve,
        "rounds": report.rounds,
        "arbitrage_free": report.arbitrage_free,
        "used": report.used,
        "dropped": report.dropped,
        "inside_share": report.inside_share,
        "essvi_inside_share": report.essvi_inside_share,
        "rmse": report.rmse,
        "expiries": expiries,
        "unusable": [
            {"years": years, "dropped": counts} for years, counts in report.unusable.items()
        ],
        "stickiness": [asdict(term) for term in stickiness],
    }
