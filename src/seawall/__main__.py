"""`python -m seawall`: the command line without its script."""

from seawall.cli.app import main

main()
