"""`python -m reltype` is `reltype`."""

from reltype.cli import main

main()
