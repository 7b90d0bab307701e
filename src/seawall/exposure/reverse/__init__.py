"""Reverse stress: the smallest shock that impairs, with a certificate over a stated grid."""
