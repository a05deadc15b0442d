"""Prose in English and Czech: everything that a person reads, and no logic."""
