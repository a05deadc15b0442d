"""A small Internet in one Python process, for understanding how e-mail works."""

__version__ = "0.1.0"
