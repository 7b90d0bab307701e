"""Reports that are kept: a folder for each, linked into a chain, and its verification."""
