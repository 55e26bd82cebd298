"""Agents: who thinks about what, in which order.

This room holds the graph, the specialists and the models behind them. It uses `tools`, core's value types
and errors, langgraph and langchain. It enters none of core's doors: what a model wants, it asks of a tool.
"""
