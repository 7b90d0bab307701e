"""Floor 4: what forced orders do to the price."""
