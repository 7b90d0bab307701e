"""Floor 6: paths of exogenous prices, the world before the crowd acts in it."""

from seawall.scenario.paths import MODELS, exogenous_paths

__all__ = ["MODELS", "exogenous_paths"]
