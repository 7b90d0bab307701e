"""DRE against reality: what was said of accounts opened in the past, and what became of them."""
