"""Tools: what an agent may ask, and what it is told.

A tool is a typed question with a sourced answer and one declared effect. This room stands at `core.desk`
and uses core's value types and the pure rules of `core.plan` and `core.orders.provenance`, so that a figure
is computed in one place; it may use pgvector and embeddings. It knows no agent framework and no other door
of core: there is no tool that reaches a venue, an approval or a limit.
"""
