"""The statements that read what was compared."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.database.statements import statements

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
