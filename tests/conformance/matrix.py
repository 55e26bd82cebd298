"""Draws `docs/venues.md` from a run of the suite: `python -m tests.conformance.matrix > docs/venues.md`.

Rule 1: nothing is stated that the run did not show: a case is green, red, or skipped for a capability.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SUITES: Final = ("venue_suite.py", "suite_of_trouble.py", "suite_of_replacing.py")
CASE: Final = re.compile(r"test_(\d\d)_(\w+)")
COLUMNS: Final = ("ARCADIA-tcp", "BOREAL-http", "CORTLAND-tcp")
SAYS: Final = """# What each venue offers, and the suite that says so

An adapter is done when every case of `tests/conformance` is green. Drawn from a run over the three simulated
venues, one of them over HTTP and two over socket sessions (the long run asks each of them both ways):
`python -m tests.conformance.matrix > docs/venues.md`. "not offered": the venue does not declare what the
case needs.
"""
Results = Mapping[str, Mapping[str, str]]


def cases() -> dict[str, str]:
    """Every case by its number, as the claim that its name makes."""
    found: dict[str, str] = {}
    for suite in SUITES:
        tree = ast.parse((ROOT / "tests" / "conformance" / suite).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            named = CASE.fullmatch(getattr(node, "name", None) or "")
            if isinstance(node, ast.AsyncFunctionDef) and named:
                found[named[1]] = named[2].replace("_", " ")
    return dict(sorted(found.items()))


def run() -> Results:
    """What one run of the suite came to: by case and venue, the worst of its parameters."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ["-q", "-n", "0", "tests/conformance/test_simulated_venues.py", f"--junitxml={report}"]
        subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
        )
        return read(ET.parse(report).getroot())


def read(report: ET.Element) -> Results:
    found: dict[str, dict[str, str]] = {}
    for case in report.iter("testcase"):
        name, _, rest = case.get("name", "").partition("[")
        named, column = CASE.fullmatch(name), next((one for one in COLUMNS if rest.startswith(one)), None)
        if named is None or column is None:
            continue
        of_case = found.setdefault(named[1], {})
        if of_case.get(column) != "RED":
            of_case[column] = _word(case)
    return found


def _word(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "RED"
    return "green" if case.find("skipped") is None else "not offered"


def page(named: Mapping[str, str], results: Results) -> str:
    head = " | ".join(COLUMNS)
    lines = [f"| | case | {head} |", f"| --- | --- |{' --- |' * len(COLUMNS)}"]
    for number, claim in named.items():
        words = " | ".join(results.get(number, {}).get(column, "not run") for column in COLUMNS)
        lines.append(f"| {number} | {claim} | {words} |")
    return f"{SAYS}\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(cases(), run()))
