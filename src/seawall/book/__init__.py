"""Floor 2: who holds what."""

from seawall.book.book import AccountKind, Book

__all__ = ["AccountKind", "Book"]
