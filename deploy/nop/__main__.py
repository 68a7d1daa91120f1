"""`python -m nop`."""

from nop.cli import main

main()
