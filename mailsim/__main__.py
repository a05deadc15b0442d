"""`python -m mailsim` is the command `mailsim`."""

from mailsim.cli import main

main()
