"""Views: each takes a trace, and nothing else of the engine."""
