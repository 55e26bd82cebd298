"""Attacks that we run against ourselves, and what must not move while they do."""
