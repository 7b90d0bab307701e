"""The cost of manipulation: what it costs to move a price, what that unlocks, what closes it."""
