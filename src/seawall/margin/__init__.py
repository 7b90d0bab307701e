"""Floor 5: what each margin account must hold."""
