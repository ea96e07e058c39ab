"""The chat in the browser: Gradio components wired to a Session; decides nothing and renders nothing itself.

Gradio reads the handlers' annotations in this module's names, so it is imported here at the top;
only `framewise chat` imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from framewise.app import proof, web
from framewise.app.assistant import Assistant
from framewise.app.console import say as announce
from framewise.app.messages import PER_TURN, typed_text
from framewise.app.page_calls import endpoint, owner_of, server_functions
from framewise.app.page_explore import build_explore
from framewise.app.page_settings import Settings, build_settings, stored_settings
from framewise.app.plots import plots, show_chart
from framewise.app.session import RATINGS, Session, Wish
from framewise.app.words import say
from framewise.corpus.errors import FramewiseError
from framewise.index.home import ensure_folder, home

EXAMPLES = (
    "PyTorch or JAX for training on TPUs?",
    "Is TorchServe still maintained?",
    "Which framework should a beginner learn first?",
    "How do I run a model in an Android app?",
    "Is PyTorch more popular than TensorFlow in research papers?",
    "How do I serve a large language model on one GPU?",
)
# The names of the custom events stand in quotes in this script, or Gradio does not know them.
BRIDGE = """
window.framewise.connect({
  server,
  open: (id, turn) => trigger('open', {id, turn}),
  turn: (turn) => trigger('turn', {turn}),
});
"""
PANEL = "window.framewise.panel(element, props); watch('value', () => window.framewise.paneled());"
LIST = """
<div class="fw-list"><label class="fw-hidden" for="fw-search">Search conversations</label>
<input id="fw-search" type="search" placeholder="Search conversations" autocomplete="off">
<ul id="fw-conversations" aria-label="Kept conversations"></ul>
<p id="fw-list-note" class="fw-source"></p>
<button type="button" data-do="delete-all">Delete all</button></div>
"""
Output = dict[Any, Any]


def build(assistant: Assistant, *, queue_size: int = web.QUEUE_SIZE) -> gr.Blocks:
    """The page and its machine endpoint `ask`."""
    session = Session(assistant, ensure_folder(home()) / "conversations.sqlite")
    with gr.Blocks(
        title=say("title"), analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as page:
        with gr.Sidebar(open=False, width=300, elem_id="side"):
            gr.Markdown(f"## {say('conversations')}")
            new = gr.Button(say("new"), elem_id="new", variant="primary")
            gr.HTML(LIST, elem_id="conversations", js_on_load=None, apply_default_css=False)
        gr.HTML(_title(), elem_id="title", js_on_load=None, apply_default_css=False)
        stored = stored_settings()
        with gr.Tabs(elem_id="pages"):
            with gr.Tab(say("tab_chat"), elem_id="page-chat"):
                chat = _Chat(session)
            with gr.Tab(say("tab_explore"), elem_id="page-explore"):
                build_explore(assistant)
            with gr.Tab(say("tab_settings"), elem_id="page-settings"):
                settings = build_settings(assistant, stored)
        gr.HTML(
            '<dialog id="fw-dialog" aria-label="Document"></dialog>',
            js_on_load=None,
            apply_default_css=False,
        )
        chat.wire(page, settings, new)
        gr.api(endpoint(assistant), api_name="ask", concurrency_id="llm")
    page.queue(max_size=queue_size, default_concurrency_limit=2)
    return page


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = True,
    auth: str = "",
) -> None:
    """Opens the chat and serves it until it is interrupted.

    Raises:
        FramewiseError: the port is taken.
    """
    settings = web.launch_settings(host, port, open_browser=open_browser, auth=auth)
    page = build(assistant)
    try:
        _, address, _ = page.launch(**settings, theme=theme(), prevent_thread_lock=True)
    except OSError as error:
        raise FramewiseError(
            f"port {port} on {host} cannot be used: {error}", fix="Choose another with --port."
        ) from error
    announce(f"Framewise is at {address} (Ctrl-C ends it)")
    page.block_thread()


def theme() -> gr.Theme:
    """Indigo on slate, in the bundled font's two whole weights (UI.md, pitfall 2)."""
    font = [
        gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)),
        gr.themes.Font("system-ui"),
        gr.themes.Font("sans-serif"),
    ]
    mono = [
        gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)),
        gr.themes.Font("ui-monospace"),
        gr.themes.Font("monospace"),
    ]
    return gr.themes.Default(
        primary_hue="indigo", neutral_hue="slate", radius_size="lg", font=font, font_mono=mono
    ).set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
        block_border_width="0px",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )


class _Chat:
    """The chat's components and what happens between them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        with gr.Row(elem_id="room", equal_height=True):
            with gr.Column(scale=3, elem_id="talk", min_width=320):
                self.chatbot = gr.Chatbot(
                    elem_id="chat",
                    label=say("conversation"),
                    show_label=False,
                    height="100%",
                    layout="panel",
                    editable="user",
                    buttons=["copy"],
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                    line_breaks=False,
                    feedback_options=list(RATINGS),
                    placeholder=f"## {say('welcome')}\n{say('welcome_more')}",
                    examples=[{"text": example} for example in EXAMPLES],
                )
                self.note = gr.HTML(
                    "", elem_id="filters-note", js_on_load=None, apply_default_css=False
                )
                gr.HTML(
                    '<button type="button" data-do="sheet" id="fw-open-sheet">'
                    f"{say('sources_button')}</button>"
                    '<span id="fw-status" class="fw-hidden" role="status"></span>',
                    elem_id="bar",
                    js_on_load=None,
                    apply_default_css=False,
                )
                self.box = gr.Textbox(
                    elem_id="question",
                    label=say("question"),
                    show_label=False,
                    placeholder=say("placeholder"),
                    submit_btn=say("ask"),
                    stop_btn=False,
                    max_length=4000,
                    max_lines=8,
                    autofocus=True,
                )
            with (
                gr.Column(scale=2, elem_id="evidence", min_width=320),
                gr.Tabs(elem_id="evidence-tabs") as self.tabs,
            ):
                with gr.Tab(say("tab_proof"), id="proof"):
                    self.proof = gr.HTML(
                        proof.empty_panel(),
                        elem_id="proof",
                        js_on_load=PANEL,
                        apply_default_css=False,
                    )
                with gr.Tab(say("tab_chart"), id="chart", visible=False) as self.chart_tab:
                    self.chart_title = gr.Markdown("")
                    self.line, self.bar = plots()
                    self.chart_note = gr.HTML("", js_on_load=None, apply_default_css=False)
        self.conversation = gr.State("")
        self.turn = gr.State(0)
        self.bridge = gr.HTML(
            "",
            elem_id="bridge",
            js_on_load=BRIDGE,
            server_functions=server_functions(session),
        )

    def wire(self, page: gr.Blocks, settings: Settings, new: gr.Button) -> None:
        """Connects the components."""
        shown = [self.chatbot, self.proof, self.box, self.conversation, self.turn]
        asking = {
            "outputs": shown,
            "api_visibility": "private",
            "concurrency_id": "llm",
            "concurrency_limit": 2,
            "show_progress": "hidden",
        }
        given = [self.conversation, settings.wish]
        asks = (
            (self.box.submit, self._on_submit, [self.box, *given]),
            (self.chatbot.option_select, self._on_select, given),
            (self.chatbot.example_select, self._on_select, given),
            (self.chatbot.retry, self._on_retry, given),
            (self.chatbot.edit, self._on_edit, given),
        )
        for trigger, _, _ in asks:
            trigger(None, None, None, js="() => framewise.busy()")
        started = [trigger(handler, inputs, **asking) for trigger, handler, inputs in asks]
        quick = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
        loaded = page.load(self._on_load, None, shown, **quick)
        linked = loaded.then(self._on_link, [self.box, *given], **asking)
        for event in (*started, linked):
            event.then(self._on_chart, [self.conversation, self.turn], self._charts, **quick)
            ended = "loaded" if event is linked else "idle"
            event.then(None, None, None, js=f"() => framewise.{ended}()")
        self.box.stop(self._on_stop, None, None, **quick)
        self.chatbot.undo(self._on_undo, self.conversation, shown, **quick)
        self.chatbot.like(self._on_like, self.conversation, None, **quick)
        fresh = new.click(self._on_new, None, shown, **quick)
        fresh.then(None, None, None, js="() => framewise.began()")
        opened = self.bridge.open(self._on_open, None, shown, **quick)
        opened.then(self._on_chart, [self.conversation, self.turn], self._charts, **quick)
        self.bridge.turn(self._on_turn, self.conversation, self._charts, **quick)
        settings.wire(page, self.note)

    @property
    def _charts(self) -> list[Any]:
        return [self.chart_tab, self.chart_title, self.line, self.bar, self.chart_note, self.tabs]

    def _on_submit(
        self, question: str, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        if not (question or "").strip():
            yield {self.box: gr.Textbox(value="")}
            return
        yield from self._asked(question, conversation, wish, request)

    def _on_link(
        self, question: str, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        """A link's ?q= asks by itself; without one, what somebody is typing is left alone."""
        asked = dict(request.query_params)
        if asked.get("q") and not asked.get("c"):
            yield from self._on_submit(question, conversation, wish, request)
        else:
            yield {self.box: gr.skip()}

    def _on_select(
        self, data: gr.SelectData, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        chosen = data.value
        question = str(chosen["text"] if isinstance(chosen, dict) else chosen)
        yield from self._asked(question, conversation, wish, request)

    def _on_retry(
        self, data: gr.RetryData, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        turn = _turn(data.index)
        question = self._session.back_to(conversation, owner_of(request), turn) or typed_text(
            data.value
        )
        yield from self._asked(question, conversation, wish, request)

    def _on_edit(
        self, data: gr.EditData, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        self._session.back_to(conversation, owner_of(request), _turn(data.index))
        yield from self._asked(typed_text(data.value), conversation, wish, request)

    def _asked(
        self, question: str, conversation: str, wish: Wish, request: gr.Request
    ) -> Iterator[Output]:
        steps = self._session.ask(
            question,
            conversation,
            owner=owner_of(request),
            wish=wish,
            visit=str(request.session_hash),
        )
        box = gr.Textbox(value="", submit_btn=False, stop_btn=say("stop"))
        try:
            for step in steps:
                output: Output = {self.chatbot: step.messages, self.box: box}
                if step.panel:
                    output[self.proof] = step.panel
                if step.answer is not None:
                    output |= {self.conversation: step.conversation, self.turn: step.turn}
                yield output
                box = gr.skip()
            yield {self.box: gr.Textbox(submit_btn=say("ask"), stop_btn=False)}
        finally:
            steps.close()  # the tab was closed: nothing goes on in its name

    def _on_stop(self, request: gr.Request) -> None:
        self._session.stop(str(request.session_hash))

    def _on_undo(self, data: gr.UndoData, conversation: str, request: gr.Request) -> Output:
        question = self._session.back_to(conversation, owner_of(request), _turn(data.index))
        return {**self._showing(conversation, owner_of(request)), self.box: question}

    def _on_like(self, data: gr.LikeData, conversation: str, request: gr.Request) -> None:
        said = data.liked if isinstance(data.liked, str) else ("Like" if data.liked else "Dislike")
        if said in RATINGS or not said:
            self._session.kept(owner_of(request)).rate(conversation, _turn(data.index), said)

    def _on_new(self) -> Output:
        return {
            self.chatbot: [], self.proof: proof.empty_panel(), self.conversation: "", self.turn: 0, self.box: "",
        }  # fmt: skip

    def _on_open(self, data: gr.EventData, request: gr.Request) -> Output:
        wanted = getattr(data, "_data", None) or {}
        return self._showing(
            str(wanted.get("id", "")), owner_of(request), int(wanted.get("turn") or 0)
        )

    def _on_load(self, request: gr.Request) -> Output:
        asked = dict(request.query_params)
        if asked.get("c"):
            turn = asked.get("t", "")
            at = int(turn) if turn.isdecimal() and len(turn) < 6 else 0
            return self._showing(asked["c"], owner_of(request), at)
        # Nothing is touched otherwise: somebody may already be typing.
        return {self.box: asked["q"][:4000] if asked.get("q") else gr.skip()}

    def _on_chart(self, conversation: str, turn: int, request: gr.Request) -> list[Any]:
        answer = self._session.answer(conversation, owner_of(request), turn)
        chart = answer.chart if answer is not None else None
        return [gr.Tab(visible=chart is not None), *show_chart(chart), gr.Tabs(selected="proof")]

    def _on_turn(self, data: gr.EventData, conversation: str, request: gr.Request) -> list[Any]:
        wanted = getattr(data, "_data", None) or {}
        return self._on_chart(conversation, int(wanted.get("turn") or 0), request)

    def _showing(self, conversation: str, owner: str, turn: int = 0) -> Output:
        step = self._session.show(conversation, owner, turn)
        ratings = self._session.kept(owner).ratings(step.conversation) if step.conversation else []
        values = [rating or None for rating in ratings]  # one for each turn's group of messages
        return {
            self.chatbot: gr.Chatbot(value=step.messages, feedback_value=values),
            self.proof: step.panel,
            self.conversation: step.conversation,
            self.turn: step.turn,
        }


def _turn(index: int | tuple[int, int] | list[int]) -> int:
    """The turn, counted from 1, of a message by its place in the chat."""
    place = index if isinstance(index, int) else index[0]
    return place // PER_TURN + 1


def _title() -> str:
    new = f'<button type="button" class="fw-new" data-do="new">{say("new")}</button>'
    return f'<header class="fw-title"><h1>{say("title")}</h1><p>{say("tagline")}</p>{new}</header>'
