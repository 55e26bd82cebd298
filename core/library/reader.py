"""Reading and writing the library's rows, for both doors that may."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from psycopg.rows import DictRow

from core.book.views import Passage
from core.database.statements import statements

SQL: Final = statements(Path(__file__).with_name("statements.sql"))


def as_passage(row: DictRow) -> Passage:
    return Passage(
        row["id"],
        row["document"],
        row["ordinal"],
        row["text"],
        row["title"],
        row["source"],
        row["dated"],
        row["issuer"],
        bool(row["later"]),
        bool(row["superseded"]),
    )
