"""The draw of `bench facts` and its scorer: fixed words, separate draws, and no credit without a row."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from evals.bench import facts
from evals.bench.facts_draw import DRAWN, HELD_OUT, REPORTED, Drawn, draw, plain_label, question
from evals.bench.facts_score import score

ROOT = Path(__file__).resolve().parents[2]
KEY = ROOT.parent / "shared" / "data" / "filings" / "facts.jsonl.gz"
ASKED = Drawn("What was Acme's goodwill as of June 30, 2025?", Decimal(10**9))
RIGHT = {
    "value": "1.0E9",
    "row": "Goodwill\t1,000",
    "digits": "1,000",
    "passage_text": "x\nGoodwill\t1,000\ny",
}


def test_words_come_from_tag_company_and_period_alone() -> None:
    assert plain_label("us-gaap:IncomeTaxExpenseBenefit") == "income tax expense benefit"
    assert (
        question("Acme", "us-gaap:Goodwill", "2025-06-30") == "What was Acme's goodwill as of June 30, 2025?"
    )
    assert question("Acme", "us-gaap:Revenues", "2024-01-01/2024-12-31").endswith(
        "revenues for the year ended December 31, 2024?"
    )
    assert question("Acme", "us-gaap:Revenues", "2025-05-27/2025-05-27").endswith(
        "from May 27, 2025 to May 27, 2025?"
    )


@pytest.mark.parametrize(
    ("changed", "counted"),
    [
        ({}, "right"),
        ({"value": "1.1E9"}, "wrong"),
        ({"value": "-1.0E9"}, "wrong"),
        ({"passage_text": "another"}, "unshown"),
        ({"digits": "2,000"}, "unshown"),
        ({"digits": ""}, "unshown"),
    ],
)
def test_a_value_counts_only_if_exact_and_shown(changed: dict[str, str], counted: str) -> None:
    told = score([ASKED], [{**RIGHT, **changed}], tells=False)
    assert [told[name] for name in ("right", "wrong", "unshown")] == [
        int(name == counted) for name in ("right", "wrong", "unshown")
    ]
    assert "wrong_ones" not in told


def test_no_answer_is_not_wrong() -> None:
    told = score([ASKED], [None], tells=True)
    assert (told["unanswered"], told["wrong"]) == (1, 0)


def test_while_questions_are_answered_the_key_cannot_be_opened(tmp_path: Path) -> None:
    key = tmp_path / "facts.jsonl.gz"
    key.write_bytes(b"")
    with facts._key_closed(), pytest.raises(PermissionError, match="scorer"):
        key.read_bytes()
    assert key.read_bytes() == b""


@pytest.mark.skipif(not KEY.is_file(), reason=f"no answer key at {KEY}")
def test_draws_repeat_and_practice_holds_no_question_of_the_fixed_ones() -> None:
    reported, held_out = draw(KEY, seed=REPORTED), draw(KEY, seed=HELD_OUT)
    assert len(reported) == len(held_out) == DRAWN
    assert reported == draw(KEY, seed=REPORTED)
    fixed = {one.question for one in (*reported, *held_out)}
    assert not fixed & {one.question for one in draw(KEY, seed=1)}


@pytest.mark.skipif(not KEY.is_file(), reason=f"no answer key at {KEY}")
def test_the_scorer_says_questions_first_and_values_never_of_a_fixed_draw() -> None:
    words = [sys.executable, "-P", "-m", "evals.bench.facts_score", str(KEY), str(REPORTED)]
    said = subprocess.run(
        words, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
        input=json.dumps([None] * DRAWN) + "\n",
    )  # fmt: skip
    questions, told = map(json.loads, said.stdout.splitlines())
    assert all(isinstance(one, str) for one in questions)
    assert told == {"asked": DRAWN, "right": 0, "wrong": 0, "unshown": 0, "unanswered": DRAWN}
