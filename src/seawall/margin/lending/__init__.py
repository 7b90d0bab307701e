"""Collateral and loans."""
