"""Benches: one module per figure that an issue names, run by `gatehouse bench NAME`."""
