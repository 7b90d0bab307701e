"""Floor 6: when an account is closed, how much of it, and by whom."""
