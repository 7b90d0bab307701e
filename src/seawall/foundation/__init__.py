"""Floor 0: errors, units, random streams and array sums that every other floor stands on."""
