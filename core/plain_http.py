"""Whom a client trusts: for an address without TLS nobody, which is quicker than everybody.

A client of `httpx` reads some hundred certificates when it is made, which takes a fiftieth of a second. Who
waits for a process asks every few hundredths whether it answers.
"""

from __future__ import annotations

import ssl
from typing import Final

NOBODY: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Verifies, and knows no authority: should such an address lead to one with TLS, that is refused."""


def trusted_for(url: str) -> ssl.SSLContext | bool:
    """What `verify` of a client for that address has to be."""
    return NOBODY if url.startswith("http://") else True
