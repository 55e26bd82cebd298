"""What the index finds is what comparing each vector finds, of what the asker may read and no more.

The documents say that they have many passages, so that the search goes by the index as in a large library;
the planner is kept from what it prefers in a small one.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import pytest

from core.database.logins import AGENT
from tests.core.library.test_library_db import DAVID, HANNAH, MARIA, NGOZI, presented, put
from tests.fixtures.firm import Firm

DOCUMENTS: Final = 60
CLASSES: Final = {"public", "compliance", "named"}
BY_INDEX: Final = (
    "set local enable_seqscan = off",
    "set local enable_sort = off",
    "set local enable_bitmapscan = off",
)
EXACT: Final = """
select d.title from copilot.embedding e join gatehouse.document d using (document)
where d.series = any (%s) order by e.vector operator(public.<=>) %s::public.vector limit 10
"""


def vector(draw: Random) -> str:
    return f"[{','.join(f'{draw.gauss(0, 1):.4f}' for _ in range(384))}]"


@pytest.fixture(scope="module")
def large(shared_firm: Firm) -> Firm:
    """Sixty documents of three classes, of one passage each; a tenth is for David alone."""
    draw = Random(7)
    for n in range(DOCUMENTS):
        name = "named" if n % 10 == 0 else ("public", "compliance")[n % 2]
        readers: dict[str, Any] = {"readers": ["adv-2"]} if name == "named" else {}
        put(shared_firm, HANNAH, f"{name} {n}", sensitivity=name, vector=vector(draw), **readers)
    shared_firm.ask("superuser", "update gatehouse.document set passages = 100000")
    return shared_firm


@pytest.mark.parametrize(
    ("login", "classes"),
    [(MARIA, {"public"}), (DAVID, {"public", "named"}), (NGOZI, {"public", "compliance", "named"})],
)
def test_the_index_finds_what_comparing_each_finds_and_nothing_closed(
    large: Firm, login: str, classes: set[str]
) -> None:
    asked = vector(Random(11))
    rows = large.ask("superuser", "select title, series from gatehouse.document where ingested_by = 'res-1'")
    may = [row["series"] for row in rows if row["title"].split()[0] in classes]
    expected = [row["title"] for row in large.ask("superuser", EXACT, may, asked)]
    with presented(large, AGENT, login):
        for setting in BY_INDEX:
            large.ask(AGENT, setting)
        found = large.ask(AGENT, "select * from gatehouse.library_nearest(%s, 10, null)", asked)
        everything = large.ask(AGENT, "select title from gatehouse.library_nearest(%s, 200, null)", asked)
    assert [row["title"] for row in found] == expected
    assert {row["title"].split()[0] for row in everything if row["title"].split()[0] in CLASSES} == classes
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)


def test_so_asked_the_planner_takes_the_index(large: Firm) -> None:
    plan = (
        "explain select e.passage from copilot.embedding e"
        " where (e.document in (select unnest(array['x']))) is true"
        " order by (e.vector::public.halfvec(384)) operator(public.<=>) %s::public.halfvec(384) limit 50"
    )
    with large.connection("superuser").transaction():
        for setting in BY_INDEX:
            large.ask("superuser", setting)
        told = large.ask("superuser", plan, vector(Random(1)))
    assert "embedding_near" in str(told)
