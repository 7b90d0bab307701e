"""Floor 9: the answer. How likely, how large, what first, who pays, what would help."""

from seawall.exposure.check import check

__all__ = ["check"]
