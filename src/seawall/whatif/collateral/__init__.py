"""The cheapest collateral that a desk's margin accounts can stand on."""
