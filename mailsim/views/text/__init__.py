"""A trace as plain text: the whole run, one chain of causes, one event as a sentence."""
