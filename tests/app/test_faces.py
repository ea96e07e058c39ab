"""The faces: text, Markdown, HTML, command line, page; hostile content stays text."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashEncoder, document, small_corpus
from framewise.app import explore, proof, web
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.chart import as_csv, chart_of
from framewise.app.conversations import Conversations
from framewise.app.decide import DecisionConfig
from framewise.app.explore import Looking
from framewise.app.export import export
from framewise.app.followups import follow_ups
from framewise.app.messages import answer_markdown, with_code
from framewise.app.render import (
    as_html,
    as_markdown,
    as_text,
    escape_markdown,
    printable,
    safe_url,
    source_link,
    unescape_markdown,
)
from framewise.app.session import Session, Shown, Wish
from framewise.app.types import Answer, AnswerSentence, Chart, ChartPoint, Citation, Table
from framewise.app.words import WORDS, say
from framewise.corpus.document import Mark
from framewise.corpus.errors import QuestionError
from framewise.corpus.metrics import load_metrics
from framewise.corpus.taxonomy import load_taxonomy
from framewise.index.index import Index
from framewise.index.types import Filters

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
    panel = proof.panel(bad, 1, {}, EVIL)
    shown = as_html(bad) + panel + proof.marked_text(EVIL, 0, 8)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href" not in shown
    for markdown in (as_markdown(bad), answer_markdown(bad, 1)):
        assert not re.search(r"(?<!\\)[<>$]", markdown)
        assert not re.search(r"(?<!\\)\]\((?!#(source|answer|note))", markdown)
        assert "://" not in markdown
    assert "\x1b" not in as_text(bad)


def test_escaping_and_addresses() -> None:
    assert escape_markdown("a_b *c* [d](e)") == r"a\_b \*c\* \[d\](e)"
    assert (
        escape_markdown("1. www.x.org http://x me@x.org") == r"1\. www\.x.org http:\//x me\@x.org"
    )
    for text in (
        "a_b [c](d) $1 \\x",
        "1. x",
        "# y",
        "- z",
        "see www.x.org or https://x.org/y",
        "`q` |r|",
    ):
        assert unescape_markdown(escape_markdown(text)) == text
    assert printable("a\x1b[2Jb\n\u202e") == "a\\x1b[2Jb\n\\x202e"
    assert safe_url(citation()) == source_link(citation()) == "https://example.org/p"
    # Only a user's own page holds the quote itself.
    assert source_link(citation(kind="user")) == "https://example.org/p#:~:text=A%20quote."
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


@pytest.fixture
def session(assistant: Assistant, tmp_path: Path) -> Session:
    return Session(assistant, tmp_path / "c.sqlite")


def ask(session: Session, question: str, conversation: str = "", **wishes: object) -> list[Shown]:
    wish = Wish(**wishes)  # type: ignore[arg-type]
    return list(session.ask(question, conversation, owner="me", wish=wish, visit="tab"))


def test_the_page_shows_steps_then_sentences_then_sources(session: Session) -> None:
    steps = ask(session, "Is TorchServe archived?")
    contents = [shown.messages[-1]["content"] for shown in steps]
    titles = [shown.messages[-1].get("metadata", {}).get("title", "") for shown in steps]
    assert titles[0].startswith("Understanding")
    assert any("sources" in title for title in titles)
    assert "TorchServe is archived" in contents[-1]
    assert "[\\[1\\]](#source-1-1 " in contents[-1]
    last = steps[-1]
    assert last.answer is not None
    assert steps[0].answer is None
    assert '<article id="source-1-1"' in last.panel
    quote = "TorchServe is archived: its repository takes no fixes since 2025-08-07."
    assert f'data-end="{last.answer.citations[0].end}">{quote}</mark>' in last.panel
    assert 'href="https://example.org/p"' in last.panel
    assert "~:text=" not in last.panel
    # Stream and history are drawn by one renderer.
    assert session.show(last.conversation, "me").messages == last.messages
    assert session.show(last.conversation, "somebody else").messages == []


def test_stopping_and_leaving_end_the_work(session: Session) -> None:
    wish = Wish()
    steps = session.ask("Is TorchServe archived?", "", owner="me", wish=wish, visit="tab")
    next(steps)
    other = session.ask("Is TorchServe archived?", "", owner="me", wish=wish, visit="other")
    next(other)
    session.stop("tab")
    last = list(steps)[-1]
    assert last.answer is not None
    assert last.answer.status == "stopped"
    assert "Stopped before the answer was whole" in last.messages[-1]["content"]
    *_, finished = other
    assert finished.answer is not None
    assert finished.answer.status == "answered"
    left = session.ask("Is TorchServe archived?", "", owner="me", wish=wish, visit="tab")
    next(left)
    left.close()
    assert session._running == {}


def test_a_bad_question_is_one_clear_message_and_is_not_kept(session: Session) -> None:
    last = ask(session, "?!")[-1]
    assert "the question is empty" in last.messages[-1]["content"]
    assert (last.panel, last.answer) == ("", None)
    assert session.kept("me").entries() == []


def test_an_answer_that_cannot_be_kept_is_still_shown(assistant: Assistant, tmp_path: Path) -> None:
    broken = tmp_path / "c.sqlite"
    session = Session(assistant, broken)
    steps = session.ask("Is TorchServe archived?", "", owner="me", wish=Wish(), visit="tab")
    next(steps)
    broken.write_bytes(b"no database " * 100)
    last = list(steps)[-1]
    assert "TorchServe is archived" in last.messages[-2]["content"]
    assert "could not be kept" in last.messages[-1]["content"]


def test_history_filters_and_length_reach_the_assistant(session: Session) -> None:
    first = ask(session, "PyTorch or JAX on TPUs?")[-1]
    last = ask(session, "what is the licence of the first one?", first.conversation)[-1]
    assert "BSD" in last.messages[-1]["content"]
    assert len(session.kept("me").turns(last.conversation)) == 2
    only = ask(session, "PyTorch or JAX on TPUs?", filters=Filters(kinds=("metric",)))[-1]
    assert only.answer is not None
    assert {citation.kind for citation in only.answer.citations} <= {"metric"}
    assert "Only metric were searched." in only.answer.notes
    short = ask(session, "PyTorch or JAX on TPUs?", length="short")[-1]
    assert short.answer is not None
    assert len(short.answer.sentences) <= 3


def test_going_back_forgets_a_turn_and_gives_its_question(session: Session) -> None:
    first = ask(session, "Is TorchServe archived?")[-1]
    ask(session, "What is LiteRT for?", first.conversation)
    assert session.back_to(first.conversation, "somebody else", 1) == ""
    assert session.back_to(first.conversation, "me", 2) == "What is LiteRT for?"
    assert len(session.show(first.conversation, "me").messages) == 3


def test_badges_say_only_what_changes_the_reading() -> None:
    today = datetime.date(2026, 11, 22)
    assert "#note-" not in answer_markdown(answer(), 1, today)
    assert "[as of 2024](#note-old" in answer_markdown(answer(published="2024-05"), 1, today)
    assert "As of" not in answer_markdown(answer(published=""), 1, today)
    partly = replace(answer(), sentences=(AnswerSentence("JAX runs.", (1,), "partly", 0.5),))
    assert "[partly supported](#note-partly" in answer_markdown(partly, 1, today)
    sides = (
        AnswerSentence("TorchServe is actively maintained.", (1,), "supported", 1.0),
        AnswerSentence("TorchServe is archived.", (1,), "supported", 1.0),
    )
    clash = answer_markdown(replace(answer(), status="conflict", sentences=sides), 1, today)
    assert clash.count("[conflict](#note-conflicting") == 2


def test_code_between_backticks_is_code_and_nothing_else_is() -> None:
    assert (
        with_code("The `jax[tpu]` extra installs `x*y`.") == "The `jax[tpu]` extra installs `x*y`."
    )
    assert with_code("`<b>` is *not*") == r"\`\<b\>\` is \*not\*"
    assert with_code("one ` alone") == r"one \` alone"


def test_the_table_has_evidence_or_says_that_there_is_none() -> None:
    table = Table(("PyTorch", "JAX"), ("TPU", "Licence"), (((1,), ()), ((1,), ())))
    shown = answer_markdown(replace(answer(), table=table), 1)
    assert "| Framework | TPU | Licence |" in shown
    assert shown.count("*no source found*") == 2
    assert shown.count("[\\[1\\]](#source-1-1)") == 2


def test_a_document_is_shown_whole_with_the_quote_marked() -> None:
    text = "# Head\n\n- one **two** [link](http://x.example) ![i](http://x.example/i)\n\nThe quote. <b>raw</b>\n"
    start = text.index("The quote.")
    shown = proof.marked_text(text, start, start + len("The quote."))
    assert '<mark id="fw-here" tabindex="-1">The quote.</mark>' in shown
    assert "&lt;b&gt;raw" in shown
    assert "href" not in shown
    assert "<img" not in shown
    assert "<strong>two</strong> link i" in shown


def test_exports_hold_quotes_links_and_no_script() -> None:
    bad = answer(EVIL, quote=EVIL, title=EVIL)
    for form in ("markdown", "html", "json", "decision", "csv"):
        made = export([answer(), bad], "PyTorch or JAX?", form)
        assert made.name.startswith("framewise-pytorch-or-jax")
        if form != "csv":
            assert "A quote." in made.text
            assert "https://example.org/p" in made.text
        if form != "json":
            assert not re.search(r"(?<!\\)<(script|img)", made.text)
    with pytest.raises(QuestionError, match="not one of"):
        export([answer()], "x", "pdf")
    with pytest.raises(QuestionError, match="no answer"):
        export([], "x", "html")


def test_charts_come_from_the_rows_that_sentences_are_marked_with() -> None:
    tables = load_metrics()
    found = next(t for t in tables if t.name == "mlperf_frameworks")
    row = next(r for r in found.rows if r.variant == "PyTorch" and r.metric == "system_share")
    text = "MLPerf says so."
    told = document("metrics.x", text, kind="metric", marks=(Mark(len(text), f"metric/{row.id}"),))
    cited = citation(document_id="metrics.x", start=0, end=len(text), quote=text)
    chart = chart_of([cited], {"metrics.x": told})
    assert chart is not None
    assert (chart.unit, chart.is_trend, chart.table) == ("%", True, "mlperf_frameworks")
    assert [point.row for point in chart.points if point.cited] == [row.id]
    assert {point.value for point in chart.points} <= {r.number for r in found.rows}
    assert chart.caveat.startswith("these are systems")
    lines = as_csv(chart).splitlines()
    assert lines[0] == "series,date,value,unit,source,row,cited"
    assert len(lines) == len(chart.points) + 1
    whole = replace(answer(), chart=chart)
    assert Answer.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    assert chart_of([citation()], {}) is None


def test_no_cell_of_a_csv_is_a_formula() -> None:
    points = (ChartPoint("=1+1", "2026", 1.0, "@r", "+s", False),)
    assert "'=1+1,2026,1,%,'+s,'@r,no" in as_csv(Chart("t", "%", "x", points, ""))


def test_the_corpus_is_explored_without_asking(index: Index) -> None:
    taxonomy = load_taxonomy()
    everything = explore.documents_html(index, taxonomy, Looking())
    assert "6 documents" in everything
    found, _ = explore.find_documents(index, taxonomy, Looking("Google Play services"))
    assert found[0].id == "litert"
    archived, _ = explore.find_documents(index, taxonomy, Looking(status="archived"))
    assert [each.id for each in archived] == ["torchserve"]
    assert "archived (as of 2025-08-07)" in explore.profile_html("torchserve", index, taxonomy)
    assert explore.profile_html("nothing", index, taxonomy) == ""
    table = "ecosystem_history"
    measure = explore.measures(table)[0][1]
    chart = explore.series_chart(table, measure, explore.starting_subjects(table, measure))
    assert chart is not None
    assert "Rows as CSV" in explore.chart_html(chart)
    assert explore.series_chart(table, measure, []) is None


def test_follow_ups_ask_on_the_same_frameworks(assistant: Assistant) -> None:
    gone = follow_ups(assistant.ask("Is TorchServe archived?"), assistant.taxonomy)
    assert any("replaces TorchServe" in each or "migrate from TorchServe" in each for each in gone)
    both = follow_ups(assistant.ask("PyTorch or JAX on TPUs?"), assistant.taxonomy)
    assert both[0] == "When is JAX the better choice than PyTorch?"
    assert len(both) <= 3


def test_conversations_belong_to_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    mine, theirs = Conversations(path, "me"), Conversations(path, "them")
    id = mine.add("", answer())
    assert theirs.turns(id) == theirs.entries() == theirs.ratings(id) == []
    theirs.rename(id, "stolen")
    theirs.truncate(id, 0)
    theirs.delete(id)
    theirs.rate(id, 1, "Like")
    assert theirs.add(id, answer()) != id
    assert (mine.title(id), len(mine.turns(id)), mine.ratings(id)) == ("q", 1, [""])
    mine.rename(id, "  On   TPUs ")
    assert [each.title for each in mine.entries("tpu")] == ["On TPUs"]
    assert mine.entries("100%_no") == []
    assert mine.delete_all() == 1
    assert mine.entries() == []
    assert b"JAX runs" not in path.read_bytes().replace(b"them", b"") or theirs.entries()


def test_a_file_of_an_earlier_version_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE conversation (id TEXT PRIMARY KEY, title TEXT NOT NULL, n INTEGER NOT NULL)"
        )
        database.execute(
            "CREATE TABLE turn (conversation TEXT, n INTEGER, payload TEXT, PRIMARY KEY (conversation, n))"
        )
        database.commit()
    kept = Conversations(path, "me")
    assert len(kept.turns(kept.add("", answer()))) == 1


def test_the_cookie_and_the_host_are_read_strictly() -> None:
    assert web.visitor_of(f"a=b; framewise_visitor={'0' * 32}") == "0" * 32
    for cookies in (
        "",
        "framewise_visitor=x",
        "framewise_visitor=" + "0" * 33,
        "framewise_visitor='; DROP",
    ):
        assert web.visitor_of(cookies) == ""
    assert web.open_to_others("127.0.0.1", "") == web.open_to_others("0.0.0.0", "a:b") == ""
    assert "--auth" in web.open_to_others("0.0.0.0", "")


def test_every_word_of_the_page_is_in_one_table() -> None:
    used = {
        key
        for path in (Path(web.__file__).parent).glob("*.py")
        for key in re.findall(
            r"""\b(?:say|_badge)\(\s*["']([a-z_]+)["']""", path.read_text(encoding="utf-8")
        )
    }
    assert used == set(WORDS["en"])
    assert say("answer", "xx", n=1) == "Answer 1"  # a language without words speaks English


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
_, address, _ = built.launch(**settings, prevent_thread_lock=True)
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
    assert payload["model"].startswith("HuggingFaceTB/SmolLM2-135M-Instruct + writer ")
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
