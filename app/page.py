"""The chat in the browser: a plain Gradio face over Assistant; wires events, decides nothing.

Gradio reads the handlers' annotations in this module's names, so it is imported here at the top;
only `framewise chat` imports this module.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr
from framewise.app import web
from framewise.app.assistant import Assistant
from framewise.app.conversations import Conversations
from framewise.corpus.errors import FramewiseError
from framewise.index.home import ensure_folder, home


def build(assistant: Assistant) -> gr.Blocks:
    """The page and its machine endpoint `ask`."""
    stops: dict[str, threading.Event] = {}  # by session, while its question is being answered
    kept = Conversations(ensure_folder(home()) / "conversations.sqlite")

    def on_ask(
        question: str,
        history: list[dict[str, Any]],
        cards: str,
        conversation: str,
        request: gr.Request,
    ) -> Iterator[tuple[list[dict[str, Any]], str, str, str]]:
        session = str(request.session_hash)
        stops[session] = threading.Event()
        if not question.strip():
            yield history, cards, question, conversation
            return
        try:
            for shown in web.respond(assistant, question, history, stops[session], cards):
                if shown.answer is not None:
                    conversation = kept.add(conversation, shown.answer)
                yield shown.messages, shown.cards, "", conversation
        finally:
            stops.pop(session, None)

    def on_stop(request: gr.Request) -> None:
        stop = stops.get(str(request.session_hash))
        if stop is not None:
            stop.set()

    def ask(question: str) -> dict[str, Any]:
        """One question, one payload: the same as `framewise ask --json`."""
        try:
            return assistant.ask(question).to_dict()
        except FramewiseError as error:
            raise gr.Error(str(error)) from error

    with gr.Blocks(title="Framewise", analytics_enabled=False) as page:
        gr.Markdown("# Framewise\nWhich machine-learning framework should I choose, and why?")
        with gr.Row():
            with gr.Column(scale=3):
                chatbot = gr.Chatbot(
                    elem_id="chat",
                    label="Conversation",
                    height="65vh",
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                    placeholder="Ask about choosing a machine-learning framework.",
                )
                box = gr.Textbox(
                    elem_id="question",
                    label="Your question",
                    placeholder=web.EXAMPLES[0],
                    submit_btn="Ask",
                    stop_btn="Stop",
                    max_length=4000,
                    autofocus=True,
                )
                gr.Examples(
                    [[example] for example in web.EXAMPLES], inputs=[box], label="For a start"
                )
            with gr.Column(scale=2):
                cards = gr.HTML("", elem_id="sources", label="Sources")
        conversation = gr.State("")
        asked = box.submit(
            on_ask,
            [box, chatbot, cards, conversation],
            [chatbot, cards, box, conversation],
            api_visibility="private",
            concurrency_id="llm",
            concurrency_limit=1,
        )
        box.stop(on_stop, None, None, cancels=[asked], queue=False, api_visibility="private")
        gr.api(ask, api_name="ask", concurrency_id="llm")
    page.queue(max_size=web.QUEUE_SIZE, default_concurrency_limit=1)
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
        page.launch(**settings, theme=_theme())
    except OSError as error:
        raise FramewiseError(
            f"port {port} on {host} cannot be used: {error}", fix="Choose another with --port."
        ) from error


def _theme() -> gr.Theme:
    # 400 and 700 only: the bundled 600 weight lacks most letters (UI.md, pitfall 2).
    font = [
        gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)),
        gr.themes.Font("system-ui"),
        gr.themes.Font("sans-serif"),
    ]
    return gr.themes.Default(font=font).set(body_text_color_subdued="*neutral_600")
