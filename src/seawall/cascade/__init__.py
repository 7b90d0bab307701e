"""Floor 8: the only loop. Price, oracle, requirement, orders, keepers, impact, waterfall, price."""
