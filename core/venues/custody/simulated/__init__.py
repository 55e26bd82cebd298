"""Simulated custodians: a process of their own that keeps books and always says that it is simulated.

It is another party. It hears venues with a key that sends no order, reads no database of the firm's, and
keeps its own ledgers.
"""
