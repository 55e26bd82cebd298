"""Draws `rights.json` from a fresh database: `python -m core.ledger.draw_rights`, after each migration."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path

from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import OWNER, WITNESS
from core.database.migrate import found, migrate
from core.database.pools import connect_async
from core.ledger.rights import DRAWING, ROOT, Lines, digest_of, read


def drawing(rights: Lines) -> str:
    """The file's text."""
    drawn = {"migrations": digest_of(found(ROOT)), "rights": dict(sorted(rights.items()))}
    return json.dumps(drawn, indent=1) + "\n"


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="gh-"))
    home.chmod(0o711)  # the server's own user enters
    try:
        with open_cluster(home) as cluster:
            admin = cluster.superuser_dsn("gatehouse")
            logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
            migrate(logins.dsn(OWNER), found(ROOT))
            rights = asyncio.run(_read(logins.dsn(WITNESS)))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    DRAWING.write_text(drawing(rights), encoding="utf-8")


async def _read(dsn: str) -> Lines:
    async with await connect_async(dsn, name="draw") as connection:
        return await read(connection)


if __name__ == "__main__":
    main()
