"""On-chain perpetuals: dYdX, Drift, Synthetix, GMX, Perennial."""
