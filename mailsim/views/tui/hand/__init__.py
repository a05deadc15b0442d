"""Typing a protocol by hand to a simulated server, on a screen of the stepper.

`switchboard` says what these screens need of the engine, which whoever has one gives them; `conversation` is what was
typed and heard, without any widget; `suggestions` knows what could be typed next; `sight` shows it, `screen` has the
keys, `services` is the list of servers.
"""
