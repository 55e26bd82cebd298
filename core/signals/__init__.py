"""Signals of a firm's own strategies: they draft, and a person decides."""
