"""What changed since an earlier Case, and what each change did to DRE."""

from seawall.exposure.since.block import since_block

__all__ = ["since_block"]
