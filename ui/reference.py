"""The reference pages, drawn from the code: `python -m ui.reference events > docs/events.md`.

Rule 1: a page says what the code says, in the code's own words: first lines of docstrings, tables, SQL rows.
Rule 2: what cannot be read from the code is not on these pages. A test keeps the two equal.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from agents import governance as governed
from core.errors import GatehouseError
from core.ledger.events import KINDS
from core.ledger.refusals import WORDS
from core.risk.policies import POLICIES
from core.settings import SETTINGS
from ui.api.problems import REFUSED_STATUS, STATUS
from ui.cli import exit_code

ROOT: Final = Path(__file__).resolve().parents[1]
KIND: Final = re.compile(r"\('([A-Z]\w+)', '([a-z/]+)', (?:null|'\w+')\)")
RIGHT: Final = re.compile(r"select event_type, '(gh_\w+)' from unnest\(array\[(.*?)\]", re.DOTALL)


def events() -> str:
    """Every kind of event: where it stands, who may write it, what it says."""
    streams, writers = rights()
    rows = (
        (f"`{name}`", str(kind.VERSION), f"`{streams[name]}`", writers[name], first_line(kind))
        for name, kind in sorted(KINDS.items())
    )
    says = (
        "Every entry of the journal is one of these. The stream is where it stands; the logins are those "
        "whose appends of it are not refused at once. `AttemptRefused` is written by the append itself."
    )
    return _page("Events", says, ("event", "version", "stream", "written by", "what it says"), rows)


def rights() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Stream prefix and logins of each kind, as the migrations insert them."""
    sql = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("core/*/migrations/*.sql")))
    streams: dict[str, str] = dict(KIND.findall(sql))
    writers: dict[str, list[str]] = {name: [] for name in streams}
    for role, names in RIGHT.findall(sql):
        for name in re.findall(r"'(\w+)'", names):
            writers[name].append(role)
    return streams, {name: ", ".join(roles) or "the append" for name, roles in writers.items()}


def policies() -> str:
    """Every rule that a proposal is asked."""
    rows = ((f"`{policy.code}`", first_line(type(policy)), _source(type(policy))) for policy in POLICIES)
    says = (
        "Asked at the draft, again at submission and approval, and of every order at its release, "
        "in this order; every answer is told. "
        "A breach denies; a finding needs a written reason from the advisor and from the principal. Beside "
        "them stand `provenance` (the advisor's own words do not say it), `request` and `plan` (there is "
        "nothing to decide on, and why) and `funding` (the sells that pay for a buy brought too little)."
    )
    return _page("Policies", says, ("policy", "what it asks", "source"), rows)


def refusals() -> str:
    """Every no: of the journal, of a tool, of the whole product by its class."""
    codes = (
        (f"`{code}`", says, fix, str(REFUSED_STATUS.get(code, 409)))
        for code, (says, fix) in sorted(WORDS.items())
    )
    errors = (
        (f"`{kind.__name__}`", first_line(kind), str(status), str(exit_code(_bare(kind))))
        for kind, status in STATUS.items()
    )
    tools = (
        (f"`{code}`", ", ".join(f"`{name}`" for name in where)) for code, where in sorted(told().items())
    )
    return (
        _page(
            "Refusals",
            "The journal refuses an entry with one of these codes. The HTTP answer carries it as `code`.",
            ("code", "what was wrong", "what mends it", "HTTP"),
            codes,
        )
        + "\n## Errors by class\n\nEach class has its own answer at the edge, or its nearest parent's.\n\n"
        + _table(("error", "what it is", "HTTP", "exit code"), errors)
        + "\n## What a tool refuses a model\n\nThe model reads the words; the record keeps the code.\n\n"
        + _table(("code", "in"), tools)
    )


def settings() -> str:
    """The table of settings, as the README has it."""
    rows = ((f"`{row.name}`", row.says, _without(row.default)) for row in SETTINGS)
    return _table(("setting", "what it is", "without it"), rows)


def governance() -> str:
    """Who governs each agent, and what serves people without it."""
    says = (
        "Drawn from `agents/governance.py`. An agent without a row is asked nothing. A person stops one with "
        "`gatehouse halt` and the scope in its row, and another person resumes it; what stands in the row's "
        "last but one column needs no agent and no model. The table gives nobody a right: what an agent may "
        "do stands in the catalogue of tools, in Cedar and in the database."
    )
    return _page("Governance of the agents", says, governed.HEAD, governed.drawn())


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "events": events,
    "governance": governance,
    "policies": policies,
    "refusals": refusals,
    "settings": settings,
}


def told() -> Mapping[str, list[str]]:
    """The codes that tools give with their refusals, and the modules that give them."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tools").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Name)
                or node.func.id != "Refusal"
            ):
                continue
            for word in node.keywords:
                if word.arg == "code" and isinstance(word.value, ast.Constant):
                    places = found.setdefault(str(word.value.value), [])
                    places += [path.stem] if path.stem not in places else []
    return found


def _bare(kind: type[GatehouseError]) -> GatehouseError:
    """One of that class, for those who only look at its class."""
    made: GatehouseError = kind.__new__(kind)
    return made


def first_line(kind: type) -> str:
    """The first sentence of its docstring, on one line."""
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ") if kind.__doc__ else ""


def _source(kind: type) -> str:
    _, _, source = (inspect.getdoc(kind) or "").partition("Source:")
    return " ".join(source.split())


def _without(default: str | None) -> str:
    if default is None:
        return "`up` makes it; a process run alone needs it"
    return f"`{default}`" if default and " " not in default else default or "none"


def _page(title: str, says: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"# {title}\n\n{says}\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
