"""What changed since an earlier Case, and what each change did to DRE."""

from seawall.exposure.since.block import since_block, since_last

__all__ = ["since_block", "since_last"]
