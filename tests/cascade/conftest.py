"""The tiny Cases live beside the laws."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))
