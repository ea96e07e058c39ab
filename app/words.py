"""The words of the page, one table per language; the page asks `say` and holds no text of its own.

Only English is written. A language is added by one more table with the same keys.
"""

from __future__ import annotations

DEFAULT = "en"
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Framewise",
        "tagline": "Which machine-learning framework should I choose, and why? Every sentence has its proof.",
        "tab_chat": "Chat",
        "tab_explore": "Explore",
        "tab_settings": "Settings",
        "tab_proof": "Evidence",
        "tab_chart": "Chart",
        "conversation": "Conversation",
        "conversations": "Conversations",
        "new": "New conversation",
        "question": "Your question",
        "placeholder": "Ask about choosing a framework …",
        "ask": "Ask",
        "stop": "Stop",
        "welcome": "What are you deciding?",
        "welcome_more": "Answers are made of checked sentences. Press a number to see the exact words it rests on.",
        "thinking": "Understanding the question …",
        "reading": "Read {what}, choosing what answers …",
        "writing": "Writing and checking sentence by sentence …",
        "checked": "{sentences} checked against {documents} · {seconds} s",
        "understood": "Understood as: {text}",
        "written_by": "Written by: {model}",
        "as_of": "As of {span}",
        "sources_count": "{n} cited",
        "partly": "partly supported",
        "partly_more": "The cited words support this sentence only in part (support {support}).",
        "conflicting": "conflict",
        "conflicting_more": "Another cited sentence says the opposite; both are shown with their dates.",
        "old": "as of {year}",
        "old_more": "The newest source of this sentence is of {date}, more than a year ago.",
        "not_found": "no source found",
        "table_head": "Framework",
        "compared": "Compared",
        "only_searched": "Only {filters} were searched.",
        "since": "sources since {since}",
        "answer": "Answer {n}",
        "cited": "Cited",
        "also_read": "Also read, not cited",
        "no_proof": "The sources of an answer appear here: each cited sentence, highlighted inside its passage.",
        "whole_document": "Whole document",
        "original": "Original page ↗",
        "checked_on": "checked {date}",
        "undated": "undated",
        "take_along": "Take this answer along",
        "take_all": "Take the conversation along",
        "keys_hint": "n and p walk through the evidence, Esc goes back.",
        "close": "Close",
        "sources_button": "Sources",
        "empty_question": "Type a question first.",
        "stopped_by_error": "The answer could not be kept: {error}",
        "no_such_conversation": "This conversation is not on this machine, or belongs to another browser.",
        "model": "Language model",
        "device": "Runs on",
        "because": "because",
        "index": "Index",
        "encoder": "Search model",
        "any": "any",
    }
}


def say(key: str, language: str = DEFAULT, **values: object) -> str:
    """A text of the page with its values filled in; English where a language lacks it."""
    text = WORDS.get(language, {}).get(key) or WORDS[DEFAULT][key]
    return text.format(**values) if values else text
