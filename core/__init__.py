"""Core: what is true, what is allowed, and the only way money moves.

Nobody comes in but by a door: `desk`, `intake`, `gate.approval`, `worker`, `witness`. This room meets no
model, no agent, no web server and no screen, and calls HTTP only from `core.venues` and `core.market`.
It imports no other room.
"""
