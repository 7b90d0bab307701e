"""Floor 12: files and, later, venues turned into Cases."""
