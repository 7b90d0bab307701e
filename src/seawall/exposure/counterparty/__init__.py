"""Counterparty: how often venues, bridges, stablecoins, contracts and oracles fail, and its cost.

Hazards are fitted here, on dated incidents and a list of who was at risk when.
"""
