"""The words of the page, one table per language, asked for by `say`.

Only English is written. A language is added by one more table with the same keys; the few words that the
page's script says by itself stand in static/page.js.
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
        "sources_button": "Sources",
        "stopped_by_error": "The answer could not be kept: {error}",
        "model": "Language model",
        "device": "Runs on",
        "index": "Index",
        "encoder": "Search model",
        "any": "any",
        "head_sources": "Which sources may be used",
        "head_answers": "Answers",
        "head_looks": "Appearance",
        "head_machine": "This machine",
        "label_since": "Sources since",
        "label_frameworks": "Only on these frameworks",
        "label_kinds": "Only these kinds of source",
        "label_length": "Length",
        "label_language": "Language of the page",
        "tab_documents": "Documents",
        "tab_frameworks": "Frameworks",
        "tab_metrics": "Metrics",
        "label_search": "Search",
        "label_framework": "Framework",
        "label_kind": "Kind",
        "label_form": "Form",
        "label_status": "Status",
        "label_from": "Since",
        "label_name": "Name",
        "label_table": "Table",
        "label_measure": "Measure",
        "label_of": "Of",
        "words_or_question": "Words or a question",
    }
}


def say(key: str, language: str = DEFAULT, **values: object) -> str:
    """A text of the page with its values filled in; English where a language lacks it."""
    text = WORDS.get(language, {}).get(key) or WORDS[DEFAULT][key]
    return text.format(**values) if values else text
