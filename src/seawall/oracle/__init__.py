"""Floor 6: what the venue's contracts see of the market, and how late."""

from seawall.oracle.feed import FeedRule, FeedState, compile_feeds, publish, start

__all__ = ["FeedRule", "FeedState", "compile_feeds", "publish", "start"]
