"""The offline model: a deterministic chat model that reads the advisor's request by rule.

It has the same interface as any other model, sees the same tools, and says that it is the offline one.
"""
