"""Floor 6: the others on the venue."""

from seawall.crowd.spec import CrowdSpec, LeverageMix

__all__ = ["CrowdSpec", "LeverageMix"]
