"""Framewise: which machine-learning framework should I choose, and why?

The public names; each is loaded when it is first used, so that importing Framewise costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framewise.app.assistant import AnswerConfig, Assistant, Chat
    from framewise.app.types import Answer, Citation, Event
    from framewise.corpus.document import Document
    from framewise.corpus.errors import FramewiseError
    from framewise.index.index import Index
    from framewise.index.types import Filters

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "AnswerConfig",
    "Assistant",
    "Chat",
    "Citation",
    "Document",
    "Event",
    "Filters",
    "FramewiseError",
    "Index",
]
_HOME = {
    "Answer": "framewise.app.types",
    "AnswerConfig": "framewise.app.assistant",
    "Assistant": "framewise.app.assistant",
    "Chat": "framewise.app.assistant",
    "Citation": "framewise.app.types",
    "Document": "framewise.corpus.document",
    "Event": "framewise.app.types",
    "Filters": "framewise.index.types",
    "FramewiseError": "framewise.corpus.errors",
    "Index": "framewise.index.index",
}


def __getattr__(name: str) -> object:
    """A public name, from the module that owns it. Raises: AttributeError: no such name."""
    if name not in _HOME:
        raise AttributeError(f"module 'framewise' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
