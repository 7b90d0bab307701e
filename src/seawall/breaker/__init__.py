"""Breakers: rules that make forced closes, payments or takeovers wait, and say for how long."""
