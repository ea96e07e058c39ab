"""What the page's script and other programs may call on the server; knows no layout.

Gradio reads the functions' annotations in this module's names, so it is imported here at the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr
from framewise.app import web
from framewise.app.assistant import Assistant
from framewise.app.explore import profile_html
from framewise.app.session import Session
from framewise.corpus.errors import FramewiseError


def server_functions(session: Session) -> list[Callable[..., Any]]:
    """What the page's script may call: each takes one object; the visitor's cookie says whose it is about."""

    def list_conversations(data: dict[str, Any], request: gr.Request) -> list[dict[str, Any]]:
        return [
            asdict(each) for each in session.kept(owner_of(request)).entries(str(data["search"]))
        ]

    def rename_conversation(data: dict[str, Any], request: gr.Request) -> str:
        session.kept(owner_of(request)).rename(str(data["id"]), str(data["title"]))
        return "renamed"

    def delete_conversation(data: dict[str, Any], request: gr.Request) -> str:
        kept = session.kept(owner_of(request))
        if data.get("all"):
            kept.delete_all()
        else:
            kept.delete(str(data["id"]))
        return "deleted"

    def show_panel(data: dict[str, Any], request: gr.Request) -> str:
        return session.panel(str(data["id"]), owner_of(request), int(data["turn"]))

    def show_document(data: dict[str, Any]) -> str:
        if data.get("profile"):
            return profile_html(
                str(data["id"]), session.assistant.index, session.assistant.taxonomy
            )
        start, end = int(data.get("start") or 0), int(data.get("end") or 0)
        return session.document(str(data["id"]), start, end)

    def take_along(data: dict[str, Any], request: gr.Request) -> dict[str, str]:
        try:
            made = session.export(
                str(data["id"]), owner_of(request), int(data["turn"]), str(data["form"])
            )
        except FramewiseError as error:
            return {"error": str(error)}
        return {"name": made.name, "type": made.media_type, "text": made.text}

    return [
        list_conversations, rename_conversation, delete_conversation, show_panel, show_document, take_along,
    ]  # fmt: skip


def endpoint(assistant: Assistant) -> Callable[[str], dict[str, Any]]:
    """The machine endpoint `ask`."""

    def ask(question: str) -> dict[str, Any]:
        """One question, one payload: the same as `framewise ask --json`."""
        try:
            return assistant.ask(question).to_dict()
        except FramewiseError as error:
            raise gr.Error(str(error)) from error

    return ask


def owner_of(request: gr.Request) -> str:
    """Whose conversations these are: the browser's, by its cookie; without one, this tab's alone."""
    visitor = web.visitor_of(request.headers.get("cookie", ""))
    return visitor or f"tab {getattr(request, 'session_hash', '')}"
