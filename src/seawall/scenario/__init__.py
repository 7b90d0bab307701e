"""Floor 6: paths of exogenous prices, the world before the crowd acts in it."""

from seawall.scenario.models import MODELS
from seawall.scenario.paths import exogenous_paths

__all__ = ["MODELS", "exogenous_paths"]
