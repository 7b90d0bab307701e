"""The rules of the slot ``socialise`` by name: who bears what no layer covered."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.waterfall.cash_haircut import CashHaircut
from seawall.waterfall.depositor_haircut import DepositorHaircut
from seawall.waterfall.funding_index import FundingIndex
from seawall.waterfall.socialise import EquityProRata

SOCIALISE_RULES: Mapping[str, type] = {
    "equity_pro_rata": EquityProRata,
    "funding_index": FundingIndex,
    "cash_haircut": CashHaircut,
    "depositor_haircut": DepositorHaircut,
}
