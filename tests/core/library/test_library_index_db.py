"""What the index finds is what comparing each vector finds, of what the asker may read and no more.

The documents say that they have more passages than they do, so that the search goes by signs or by the index
as in a larger library; the planner is kept from what it prefers in a small one.
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
    return shared_firm


@pytest.fixture(params=[1, 100, 100_000], ids=["each", "by signs", "by the index"])
def sized(large: Firm, request: pytest.FixtureRequest) -> Firm:
    large.ask("superuser", "update gatehouse.document set passages = %s", request.param)
    return large


@pytest.mark.parametrize(
    ("login", "classes"),
    [(MARIA, {"public"}), (DAVID, {"public", "named"}), (NGOZI, {"public", "compliance", "named"})],
)
def test_a_search_finds_what_comparing_each_finds_and_nothing_closed(
    sized: Firm, login: str, classes: set[str]
) -> None:
    large = sized
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


def test_signs_are_those_of_the_vector_and_are_read_from_the_index_alone(large: Firm) -> None:
    signs = "select bool_and(signs = public.binary_quantize(vector)::bit(384)) from copilot.embedding"
    assert large.value("superuser", signs) is True
    plan = (
        "explain select e.passage from copilot.embedding e where e.document = any (array['x', 'y'])"
        " order by e.signs operator(public.<~>) public.binary_quantize(%s::public.vector)::bit(384) limit 9"
    )
    with large.connection("superuser").transaction():
        for setting in ("set local enable_seqscan = off", "set local enable_bitmapscan = off"):
            large.ask("superuser", setting)
        told = large.ask("superuser", plan, vector(Random(1)))
    assert "Index Only Scan using embedding_document" in str(told)


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
