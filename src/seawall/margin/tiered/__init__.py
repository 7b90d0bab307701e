"""Margin by tiers of notional, in quote or in coin, in floats and in exact fractions."""
