"""Where an account dies: closed forms, a general search, the surface of spot and volatility."""
