"""The faces: text, Markdown, HTML, command line, page; hostile content stays text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes import HashEncoder, document, small_corpus
from framewise.app import web
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.decide import DecisionConfig
from framewise.app.render import as_html, as_markdown, as_text, escape_markdown, printable, safe_url
from framewise.app.types import Answer, AnswerSentence, Citation
from framewise.index.index import Index

LOOSE = AnswerConfig(decision=DecisionConfig(min_cosine=0.2, min_cosine_unnamed=0.35))
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> ![p](http://evil.example/p) [c](javascript:alert(3)) $x$ \x1b[2J"


def citation(**fields: object) -> Citation:
    values = {
        "number": 1, "sentence_id": "d#0", "document_id": "d", "title": "T", "kind": "doc", "section": "S", "url": "https://example.org/p",
        "source": "README", "published": "2026-11-01", "checked": "2026-11-20", "quote": "A quote.", "start": 0, "end": 8,
    }  # fmt: skip
    return Citation(**{**values, **fields})  # type: ignore[arg-type]


def answer(text: str = "JAX runs on TPU.", **fields: object) -> Answer:
    sentences = (AnswerSentence(text, (1,), "supported", 1.0),)
    return Answer("q", "q", "answered", sentences, (citation(**fields),))


def test_the_text_has_marks_sources_quotes_and_dates() -> None:
    shown = as_text(answer())
    assert shown.splitlines()[0] == "JAX runs on TPU. [1]"
    assert "As of 2026-11-01" in shown
    assert "[1] T › S (doc, 2026-11-01)" in shown
    assert "“A quote.”" in shown
    assert str(answer()) == shown
    assert set(answer()._repr_mimebundle_()) == {"text/plain", "text/markdown", "text/html"}


def test_hostile_text_stays_text_on_every_face() -> None:
    bad = answer(EVIL, title=EVIL, quote=EVIL, section=EVIL, source=EVIL, url="javascript:alert(1)")
    shown = as_html(bad) + web.source_cards(bad, {}, 1)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href" not in shown
    for markdown in (as_markdown(bad), web.answer_markdown(bad, 1)):
        assert not re.search(r"(?<!\\)[<>$]", markdown)
        assert not re.search(r"(?<!\\)\]\((?!#source)", markdown)
    assert "\x1b" not in as_text(bad)


def test_escaping_and_addresses() -> None:
    assert escape_markdown("a_b *c* [d](e)") == r"a\_b \*c\* \[d\]\(e\)"
    assert printable("a\x1b[2Jb\n\u202e") == "a\\x1b[2Jb\n\\x202e"
    assert safe_url(citation()) == "https://example.org/p"
    for url in (
        "javascript:alert(1)",
        "file:///etc/passwd",
        'https://x" onclick="y',
        "data:text/html,x",
        "",
    ):
        assert safe_url(citation(url=url)) == ""


@pytest.fixture
def assistant(index: Index) -> Assistant:
    return Assistant(index=index, model="none", config=LOOSE, today="2026-11-22")


def test_the_page_shows_steps_then_sentences_then_sources(assistant: Assistant) -> None:
    steps = list(web.respond(assistant, "Is TorchServe archived?", [], threading.Event()))
    contents = [shown.messages[-1]["content"] for shown in steps]
    assert contents[0].startswith("Reading")
    assert any("sources" in content for content in contents)
    assert "TorchServe is archived" in contents[-1]
    assert "[\\[1\\]](#source-1-1)" in contents[-1]
    last = steps[-1].cards
    assert steps[-1].answer is not None
    assert steps[0].answer is None
    assert '<article id="source-1-1"' in last
    assert (
        "<mark>TorchServe is archived: its repository takes no fixes since 2025-08-07.</mark>"
        in last
    )
    assert "#:~:text=TorchServe%20is%20archived" in last


def test_stopping_and_leaving_end_the_work(assistant: Assistant) -> None:
    stop = threading.Event()
    steps = web.respond(assistant, "Is TorchServe archived?", [], stop)
    next(steps)
    steps.close()
    assert stop.is_set()


def test_a_bad_question_is_one_clear_message(assistant: Assistant) -> None:
    *_, last = web.respond(assistant, "?!", [], threading.Event(), "earlier cards")
    assert "the question is empty" in last.messages[-1]["content"]
    assert last.cards == "earlier cards"


def test_history_reaches_the_assistant_as_text(assistant: Assistant) -> None:
    asked = escape_markdown("PyTorch or JAX on TPUs?")
    history = [
        {"role": "user", "content": [{"type": "text", "text": asked}]},
        {"role": "assistant", "content": "JAX."},
    ]
    *_, last = web.respond(
        assistant, "what is the licence of the first one?", history, threading.Event()
    )
    assert "BSD" in last.messages[-1]["content"]
    assert web.text_of(escape_markdown("a_b [c](d) $1 \\x")) == "a_b [c](d) $1 \\x"


def test_launch_settings_are_those_of_the_security_page(home: Path) -> None:
    found = web.launch_settings("127.0.0.1", 7860, open_browser=False, auth="me:secret:word")
    assert found["auth"] == ("me", "secret:word")
    assert (found["share"], found["strict_cors"], found["allowed_paths"], found["show_error"]) == (
        False,
        True,
        [],
        False,
    )
    assert (found["enable_monitoring"], found["run_history"], found["ssr_mode"]) == (
        False,
        False,
        False,
    )
    assert str(home) in found["blocked_paths"]
    assert os.environ["GRADIO_TEMP_DIR"].startswith(str(home))
    assert "Content-Security-Policy" in found["head"]
    assert "connect-src 'self'" in found["head"]


SERVED = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fakes import HashEncoder, small_corpus
from framewise.app import page, web
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.decide import DecisionConfig
from framewise.index.index import Index
from gradio_client import Client

index = Index.build(small_corpus(), HashEncoder(), Path(tempfile.mkdtemp()))
config = AnswerConfig(decision=DecisionConfig(min_cosine=0.2))
built = page.build(Assistant(index=index, model="none", config=config))
settings = web.launch_settings("127.0.0.1", 0, open_browser=False, auth="")
_, address, _ = built.launch(**settings, prevent_thread_lock=True, quiet=True)
client = Client(address, verbose=False)
payload = client.predict("Is TorchServe archived?", api_name="/ask")
named = list(client.view_api(return_format="dict", print_info=False)["named_endpoints"])
built.close()
print(json.dumps([named, payload]))
"""


def test_the_page_is_served_and_answers_over_its_machine_endpoint(home: Path) -> None:
    """In a process of its own; a handler that Gradio misreads is a UserWarning, and so an error."""
    tests = str(Path(__file__).parent.parent)
    environment = {**os.environ, "FRAMEWISE_HOME": str(home)}
    found = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", SERVED, tests],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    named, payload = json.loads(found.stdout.splitlines()[-1])
    assert named == ["/ask"]  # the page's own events are private
    assert payload["status"] == "answered"
    assert payload["citations"][0]["document_id"] == "torchserve"


def run(*arguments: str, home: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FRAMEWISE_HOME": str(home),
        "COLUMNS": "200",
        **options.pop("env", {}),
    }  # type: ignore[dict-item]
    return subprocess.run(
        [sys.executable, "-c", "from framewise.app.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        **options,
    )  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ask", ""), 1, "framewise: the question is empty"),
        (("ask", "x", "--device", "abacus"), 2, "'abacus' is not auto, cpu, cuda or mps"),
        (("ask", "x", "--since", "soon"), 2, "'soon' is not a date as 2025-01"),
        (("ask", "x", "--framework", "hypertorch9"), 2, "'hypertorch9' is no framework"),
        (("ask", "x", "--kind", "blog"), 2, "'blog' is not one of article"),
        (("ask",), 2, "Missing argument"),
        (("ask", "x", "--corpus", "/nowhere"), 2, "does not exist"),
        (("index", "status"), 1, "framewise index build"),
        (("index", "search", "x", "--mode", "magic"), 2, "'magic' is not fusion, bm25 or dense"),
        (("models", "show"), 1, "framewise models pull"),
        (("models", "pull", "eyes"), 2, "'eyes' is not one of encoder, llm"),
        (("corpus", "show", "nothing"), 2, "no document has the id 'nothing'"),
        (("eval", "run", "--questions", "/nowhere.jsonl"), 1, "cannot be read"),
        (("chat", "--auth", "secret"), 2, "'secret' is not USER:PASSWORD"),
    ],
)
def test_every_mistake_has_a_line_and_a_code_and_no_traceback(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    found = run(*arguments, home=tmp_path / "h", env=offline)
    assert (found.returncode, "Traceback" in found.stderr) == (code, False), found.stderr
    assert message in found.stderr


def test_no_weights_and_no_network_says_what_to_do(tmp_path: Path) -> None:
    found = run(
        "ask",
        "Is TorchServe archived?",
        home=tmp_path / "h",
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)},
    )
    assert found.returncode == 1
    assert "could not be fetched with pip" in found.stderr
    assert "framewise models pull" in found.stderr


def test_help_version_and_doctor(tmp_path: Path) -> None:
    assert "ask" in run("--help", home=tmp_path).stdout
    assert run("--version", home=tmp_path).stdout.startswith("framewise 0.")
    facts = json.loads(run("doctor", "--json", home=tmp_path).stdout)
    assert facts["home"] == str(tmp_path)
    assert facts["language model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.mark.models
def test_ask_from_the_command_line_on_real_models(tmp_path: Path, home: Path) -> None:
    """A user's own folder, the embedded models, no network: payload, text, refusal, reader gone."""
    corpus = tmp_path / "mine"
    corpus.mkdir()
    for found in small_corpus():
        (corpus / f"{found.id}.md").write_text(
            f"# {found.title}\n\n{found.text}\n", encoding="utf-8"
        )
    here = ("--corpus", str(corpus))
    payload = json.loads(run("ask", "Is TorchServe archived?", "--json", *here, home=home).stdout)
    assert payload["status"] == "answered"
    assert payload["model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    for quoted in payload["citations"]:
        path = corpus / quoted["document_id"].removeprefix("user.")
        assert path.read_text(encoding="utf-8")[quoted["start"] : quoted["end"]] == quoted["quote"]
    again = json.loads(run("ask", "Is TorchServe archived?", "--json", *here, home=home).stdout)
    assert again | {"timings_s": 0} == payload | {"timings_s": 0}
    refused = run(
        "ask",
        "How do I bake bread?",
        "--no-llm",
        *here,
        home=home,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
    )
    assert (refused.returncode, "No answer" in refused.stdout) == (3, True)
    piped = run("ask", "-", *here, home=home, input="Is TorchServe archived?")
    assert "[1]" in piped.stdout
    assert document("x", "y").id == "x"
    assert HashEncoder().dim == 256
