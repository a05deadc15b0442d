"""A trace as plain text: the whole run, one chain of causes, one event as a sentence."""

from mailsim.views.text.lines import Line, write
from mailsim.views.text.run import run_lines
from mailsim.views.text.sentence import reply_class, sentence
from mailsim.views.text.why import why_lines

__all__ = ["Line", "reply_class", "run_lines", "sentence", "why_lines", "write"]
