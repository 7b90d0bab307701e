"""Where a book's profit and loss between two moments came from, leg by leg."""
