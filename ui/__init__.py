"""Ui: how people and machines come in, by HTTP, screens and the command line.

This room may use all the others except `evals` (`ui.cli` alone mounts the evals' command group).
`ui.screens` uses nothing but its own HTTP client: a screen can do what the API offers, and no more.
"""
