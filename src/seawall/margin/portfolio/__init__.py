"""Whole portfolios: Derive's standard margin and PMRM, and grids of shocks."""
