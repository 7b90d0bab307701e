"""Floor 9: what a trade or a shock does to margin, Greeks and liquidation prices."""
