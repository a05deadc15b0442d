"""The trace: what happened, when, where, and because of what. Everything that is shown is a function of it."""
