"""Value at risk and expected shortfall of one period ahead, said before the period begins."""
