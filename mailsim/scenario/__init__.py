"""Scenario files: read with exact complaints, expanded to the full form, built into a running world."""
