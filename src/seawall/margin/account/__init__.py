"""What a margin account holds, what it must hold, and how that was derived."""
