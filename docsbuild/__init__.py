"""Builds the documentation site from docs/, docstrings and figures drawn by the code itself."""
