"""``python -m docsbuild``: write the site's source to build/site and let zensical make site/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from docsbuild import site

BUILD = site.ROOT / "build" / "site"
SITE = site.ROOT / "site"


def main() -> int:
    """Build, and return zensical's exit code."""
    settings = site.write(BUILD)
    zensical = Path(sys.executable).with_name("zensical")
    command = [str(zensical), "build", "--clean", "--strict", "-f", str(settings)]
    code = subprocess.run(command, cwd=BUILD, check=False).returncode
    if code == 0:
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.move(BUILD / "html", SITE)
        print(f"Written: site/index.html, {len(list(SITE.rglob('*.html')))} pages")
        print("To search in it: python -m http.server -d site")
    return code


if __name__ == "__main__":
    sys.exit(main())
