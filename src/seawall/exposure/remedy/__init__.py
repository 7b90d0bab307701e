"""What would help: the cheapest actions that bring a desk's DRE under its limit."""
