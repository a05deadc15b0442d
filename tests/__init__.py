"""Tests of mailsim; `python -m tests` runs every check that a reviewer would."""
