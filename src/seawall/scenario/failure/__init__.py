"""What fails in the world around the book: venues, bridges, stablecoins, contracts, oracles.

One file per idea: when failures come, what each does. None of them loops over time.
"""
