"""The HTTP edge: `/v1` for people and machines, and the screens on the same port.

Only this edge turns an error into a status. It recomputes nothing that core computed.
"""
