"""The answer shown: one page in the terminal, one HTML file, JSON."""
