"""The simulated venue: a process of its own that behaves like a venue and always says that it is simulated.

It is the other party. Nothing here imports the house's orders, journal or port, and it keeps its own ledger.
"""
