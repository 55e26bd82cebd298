"""Keeping the index up with the stored passages. It can be dropped and made again at any time."""

from __future__ import annotations

import asyncio
from typing import Final

from core.desk import Desk
from tools.contract import Embedder

AT_ONCE: Final = 16


async def index_new(desk: Desk, embedder: Embedder, *, most: int | None = None) -> int:
    """Give stored passages that have none their vectors, `most` at most. Answers how many."""
    done = 0
    while most is None or done < most:
        limit = AT_ONCE if most is None else min(AT_ONCE, most - done)
        waiting = await desk.passages_to_embed(limit=limit)
        if not waiting:
            break
        vectors = await asyncio.to_thread(embedder.embed, [f"{p.title}. {p.text}" for p in waiting])
        rows = [(passage.id, vector) for passage, vector in zip(waiting, vectors, strict=True)]
        await desk.store_vectors(rows, model=embedder.model)
        done += len(rows)
    return done
