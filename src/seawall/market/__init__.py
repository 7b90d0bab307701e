"""Floor 3: the world at one instant."""

from seawall.market.state import AssetState, InstrumentState, Market, Scenario

__all__ = ["AssetState", "InstrumentState", "Market", "Scenario"]
