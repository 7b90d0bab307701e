"""How often forecasts were right: tests of value at risk and expected shortfall on later losses."""
