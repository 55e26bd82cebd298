"""Steps 1 to 3: the advisor asks, reads, has a rebalance drafted; the copilot is killed while it waits."""

from __future__ import annotations

from core.errors import WorldFailed
from core.firm.notes_read import Note, house_notes
from core.firm.story import STORY
from core.ids import HouseholdId
from evals.demo.scene import Case, Scene
from evals.person import Person

FIGURES_OF_A_NEED = ("rank", "name", "reason", "dollars")


def ingest(researcher: Person, note: Note) -> None:
    """Put a note into the firm's library."""
    body = {"title": note.title, "source": note.source, "dated": note.dated.isoformat(), "text": note.text}
    researcher.post("/v1/documents", body)


def who_needs_me(scene: Scene) -> None:
    scene.step(1, "The advisor asks which of her households need her")
    for note in house_notes():
        ingest(scene.researcher, note)
    turn = scene.advisor.asks(scene.advisor.thread(), "Which of my households need me today?")
    scene.quote("copilot", turn.text)
    needs = scene.advisor.get("/v1/worklist")
    ranks = [need["rank"] for need in needs]
    whole = all(need[name] is not None for need in needs for name in FIGURES_OF_A_NEED)
    scene.claim(f"a ranked table of {len(needs)} needs, each with its reason and dollars",
                bool(needs) and whole and ranks == sorted(ranks))  # fmt: skip
    scene.claim("the copilot's table cites the tool that it came from", any("tool" in c for c in turn.cited))


def research(scene: Scene) -> None:
    scene.step(2, "She asks a research question")
    turn = scene.advisor.asks(scene.advisor.thread(), "What do our notes say about the drawdowns of 2022?")
    scene.quote("copilot", turn.text)
    passages = [source.removeprefix("passage/") for source in turn.cited if source.startswith("passage/")]
    stored = [scene.advisor.get(f"/v1/passages/{passage}") for passage in dict.fromkeys(passages)]
    titles = sorted({passage["title"] for passage in stored})
    scene.claim(f"its sentences cite {len(stored)} stored passages: {'; '.join(titles)}", bool(stored))


def rebalance(scene: Scene) -> None:
    household = STORY.rebalance_discretionary
    scene.step(3, "A rebalance is drafted, assessed, and the conversation waits; the copilot is killed")
    case = drafted(scene, household)
    found = scene.proposal(household)
    scene.say(f"proposal {case.proposal}: {found['order_count']} orders, ${found['dollars']}, "
              f"tier {found['tier']}, fingerprint {found['digest'][:16]}…")  # fmt: skip
    scene.claim("the worker, which has no model, computed every figure of it",
                _assessed_by_the_worker(scene, case.proposal))  # fmt: skip
    before = scene.world.processes()["copilot"]["pid"]
    scene.world.kill("copilot")
    after = scene.world.processes()["copilot"]["pid"]
    scene.claim(f"the copilot was killed (process {before}) and is back (process {after})", after != before)


def drafted(scene: Scene, household: HouseholdId) -> Case:
    """Have the copilot draft a rebalance, and wait until the worker has assessed it."""
    name = scene.advisor.get(f"/v1/households/{household}")["name"]
    thread = scene.advisor.thread()
    text = f"Rebalance the {name}"
    turn = scene.advisor.asks(thread, text)
    scene.quote("advisor", text)
    scene.quote("copilot", turn.text, lines=4)
    if turn.parked is None:
        raise WorldFailed(f"the copilot drafted nothing: {turn.error or turn.text[:200]}", fix="see its log")
    scene.cases[household] = Case(thread, turn.parked)
    scene.reaches(household, lambda p: p["status"] == "ASSESSED", f"{household} is assessed")
    return scene.cases[household]


def _assessed_by_the_worker(scene: Scene, proposal: str) -> bool:
    question = (
        "select count(*) from gatehouse.journal where event_type = 'ProposalAssessed' "
        "and role = 'gh_gate' and stream = %(stream)s"
    )
    return scene.count(question, {"stream": f"proposal/{proposal}"}) == 1
