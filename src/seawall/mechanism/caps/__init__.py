"""Caps on supply, borrowing and open interest that keep a protocol within its limits."""
