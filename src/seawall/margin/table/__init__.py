"""The flat margin table that the cascade assesses."""
