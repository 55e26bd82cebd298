"""`python -m evals.attacks.hostile`: one line in with what it holds, one line out for each try.

After each try it waits for a line, so that whoever started it can look at what that try left behind.
"""

from __future__ import annotations

import json
import sys

import psycopg

from evals.attacks.hostile import appending, database, machine
from evals.attacks.hostile.kit import REFUSED, Ended, Held, Try


def main() -> None:
    held = Held(**json.loads(sys.stdin.readline()))
    parts = (machine.tries, database.tries, appending.tries, machine.at_the_end)
    for part in parts:
        for one in part(held):
            ended = _ended(one)
            told = {
                "name": one.name,
                "how": ended.how,
                "says": ended.says,
                "may": one.may,
                "walled": one.walled,
            }
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            if not sys.stdin.readline():
                return


def _ended(one: Try) -> Ended:
    try:
        return one.run()
    except psycopg.Error as no:  # the server ended the line itself
        return Ended(REFUSED, f"server: {type(no).__name__}")


if __name__ == "__main__":
    main()
