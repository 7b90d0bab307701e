"""DRE split by asset, venue or leg: whose presence adds how much, on common random numbers."""

from seawall.exposure.parts_by.split import By, Question, parts_by, split_up

__all__ = ["By", "Question", "parts_by", "split_up"]
