"""Evals: what we measure, and the attacks that we run.

This room uses `agents`, `tools` and `core`, opens worlds of its own, and meets `ui` as a separate process
over HTTP; it never imports it. A scorer reads the journal and the venues' own ledgers, not wording.
"""
