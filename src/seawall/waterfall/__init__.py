"""Floor 6: who pays when an account cannot."""
