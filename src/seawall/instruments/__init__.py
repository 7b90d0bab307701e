"""Floor 1: what is traded. Facts only; no price and no risk."""

from seawall.instruments.future import Future
from seawall.instruments.option import Option
from seawall.instruments.perpetual import Perpetual
from seawall.instruments.spot import Spot

Instrument = Perpetual | Future | Option | Spot

__all__ = ["Future", "Instrument", "Option", "Perpetual", "Spot"]
