"""Scenario models fitted to real prices, and how good they are on prices they did not see."""
