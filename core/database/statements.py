"""SQL lives in `statements.sql` beside the code that runs it; a `-- name --` line names each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from core.errors import IntegrityLost

NAME_LINE: Final = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)


@cache
def statements(file: Path) -> Mapping[str, str]:
    """The statements of that file by name; comments stay in, so that they show in the server's views.

    Raises:
        IntegrityLost: the file is missing, a name comes twice, or text stands before the first name.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as bad:
        raise IntegrityLost(f"{str(file)!r} cannot be read", fix="restore it from the repository") from bad
    before, *rest = NAME_LINE.split(text)
    if any(line.strip() and not line.startswith("--") for line in before.splitlines()):
        raise IntegrityLost(f"{file.name!r} opens without a name", fix="begin with a line `-- name --`")
    found: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        if name in found:
            raise IntegrityLost(f"{file.name!r} names {name!r} twice", fix="give each statement its own name")
        found[name] = body.strip()
    return MappingProxyType(found)
