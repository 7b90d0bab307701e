"""Figures of mechanisms, drawn by the mechanisms' own steps: {module below seawall: figures}."""

from __future__ import annotations

from collections.abc import Callable

from docsbuild.figures import accounts, closing, failures, impacts, oracles, payers, prices
from docsbuild.svg import Figure

FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    **prices.FIGURES,
    **oracles.FIGURES,
    **impacts.FIGURES,
    **accounts.FIGURES,
    **closing.FIGURES,
    **payers.FIGURES,
    **failures.FIGURES,
}
