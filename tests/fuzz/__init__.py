"""Fuzzing of everything that reads what a stranger has sent: `python -m tests.fuzz PARSER --seconds N`.

It needs atheris (`pip install -e '.[fuzz]'`). What it finds is written into `tests/fuzz/found/PARSER`, and each file
there is a test from then on: `test_found.py` plays all of them, with atheris or without.
"""
