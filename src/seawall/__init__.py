"""Seawall: does this book survive, what dies first, who pays, and does this change help?"""

__version__ = "0.1.0"
