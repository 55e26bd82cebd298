"""The scorer of `bench facts`: it alone opens the answer key, in a process that nobody who answers can read.

    python -m evals.bench.facts_score KEY SEED

Rule 1: the questions go out on one line; the answers come in on one; the score goes out on one. No value of
    the key leaves this process before the answers are in.
Rule 2: its memory is closed to other processes of the same user before the key is opened.
Rule 3: a figure is right where it equals the tagged value exactly, in units, with its sign; else it is wrong.
    It counts as answered only with a row that holds its digits and a passage that holds that row.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from evals.bench.facts_draw import HELD_OUT, REPORTED, Drawn, draw

PR_SET_DUMPABLE: Final = 4


def main(key: str, seed: str) -> int:
    _close_memory()
    drawn = draw(Path(key), seed=int(seed))
    _say([one.question for one in drawn])
    answers = json.loads(sys.stdin.readline())
    _say(score(drawn, answers, tells=int(seed) not in (REPORTED, HELD_OUT)))
    return 0


def score(
    drawn: Sequence[Drawn], answers: Sequence[Mapping[str, Any] | None], *, tells: bool
) -> Mapping[str, Any]:
    """How many were answered, right, wrong, and answered without a passage that shows it.

    `tells` names the wrong ones: for draws that rules are written by, never for the two fixed ones.
    """
    right, unshown = 0, 0
    wrong: list[Mapping[str, Any]] = []
    for asked, answer in zip(drawn, answers, strict=True):
        if answer is None:
            continue
        if Decimal(answer["value"]) != asked.value:
            wrong.append({"question": asked.question, "tagged": str(asked.value), **answer})
        elif shows(answer):
            right += 1
        else:
            unshown += 1
    told = {"asked": len(drawn), "right": right, "wrong": len(wrong), "unshown": unshown}
    return {**told, "unanswered": answers.count(None), **({"wrong_ones": wrong} if tells else {})}


def shows(answer: Mapping[str, Any]) -> bool:
    """The passage holds the row, and the row the digits."""
    row, passage, digits = str(answer["row"]), str(answer["passage_text"]), str(answer["digits"])
    return bool(digits) and digits in row and row in passage


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _close_memory() -> None:
    """Other processes of this user can no longer read this one's memory."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process's memory cannot be closed")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
