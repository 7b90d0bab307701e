"""A framework's margin in many shifted markets at once."""
