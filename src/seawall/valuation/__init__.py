"""Floor 4: what positions are worth and how they move.

The functions live in modules of their own names: ``valuation.black.black``,
``valuation.revalue.revalue``; re-exporting them here would hide the modules.
"""

from seawall.valuation.black import OptionGreeks
from seawall.valuation.revalue import Values

__all__ = ["OptionGreeks", "Values"]
