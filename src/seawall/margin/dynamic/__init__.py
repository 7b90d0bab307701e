"""Margin that follows the market: factors on maintenance and initial margin, feed by feed."""
