"""Each lost dollar of chosen paths traced to its first cause, by knock-out and rerun."""

from seawall.exposure.explain.answer import explain_case

__all__ = ["explain_case"]
