"""Markdown with front matter to fields, shown text and source marks; knows nothing of which fields a document needs."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml
from framewise.corpus.document import Mark
from framewise.corpus.errors import CorpusError

MAX_FRONT_MATTER_CHARS = 64_000
FENCE = "---"
MARK = re.compile(r"[ \t]*\[\^([^\]\s]+)\]")
_CODE = r"^(?:```|~~~).*?^(?:```|~~~)[ \t]*$|`[^`\n]*`"  # where "[^a-z]" is a pattern, not a mark
_CODE_OR_MARK = re.compile(rf"(?P<code>{_CODE})|{MARK.pattern}", re.MULTILINE | re.DOTALL)
# Format characters (zero-width, bidi, tags) carry hidden text; no document needs them.
KEPT_FORMAT_CHARS = ("\u200d",)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, so that a file of a few lines cannot grow to gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML stubs
            raise yaml.YAMLError(f"alias '*{event.anchor}' is not allowed")
        return super().compose_node(parent, index)


# Dates stay text: one spelling in files, code and payload.
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def visible_text(text: str) -> str:
    """The text without control and invisible format characters, with Unix line ends.

    Hidden characters are how an instruction travels inside a page that looks harmless.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return "".join(
        char
        for char in text
        if char in "\n\t"
        or char in KEPT_FORMAT_CHARS
        or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")
    )


def split_front_matter(raw: str, path: Path) -> tuple[dict[str, Any], str, int]:
    """The front matter's fields, the body, and the line on which the body begins (from 1).

    Raises:
        CorpusError: no closing fence, not a mapping, invalid YAML, an alias, or over
            64,000 characters.
    """
    if not raw.startswith(FENCE + "\n"):
        return {}, raw, 1
    end = raw.find(f"\n{FENCE}\n", len(FENCE))
    if end < 0:
        raise CorpusError(
            "the front matter has no closing '---' line.", path=path, line=1, fix="Add one."
        )
    if end > MAX_FRONT_MATTER_CHARS:
        raise CorpusError(
            f"the front matter has {end} characters; at most {MAX_FRONT_MATTER_CHARS} are read.",
            path=path,
            line=1,
        )
    block = raw[len(FENCE) + 1 : end]
    try:
        fields = yaml.load(block, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader without aliases
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark is not None else 1
        problem = getattr(error, "problem", None) or str(error)
        raise CorpusError(
            f"the front matter is not valid YAML: {problem}.", path=path, line=line
        ) from error
    except RecursionError as error:
        raise CorpusError("the front matter is nested too deeply.", path=path, line=1) from error
    except ValueError as error:  # a tagged or endless number
        raise CorpusError(
            f"the front matter holds a value that cannot be read: {error}.", path=path, line=1
        ) from error
    if not isinstance(fields, dict):
        raise CorpusError(
            "the front matter is not a list of 'key: value' lines.", path=path, line=1
        )
    body_start = end + len(FENCE) + 2
    return _visible(fields), raw[body_start:], raw.count("\n", 0, body_start) + 1


def _visible(value: Any) -> Any:  # noqa: ANN401 - what YAML holds
    """The same with `visible_text` applied to every text: YAML's escapes can spell what files cannot."""
    if isinstance(value, str):
        return visible_text(value)
    if isinstance(value, dict):
        return {_visible(key): _visible(item) for key, item in value.items()}
    return [_visible(item) for item in value] if isinstance(value, list) else value


def take_out_marks(body: str) -> tuple[str, tuple[Mark, ...]]:
    """The text as it is shown, and the `[^key]` marks that stood in its prose, at its offsets."""
    shown: list[str] = []
    marks: list[Mark] = []
    length = position = 0
    for match in _CODE_OR_MARK.finditer(body):
        if match["code"] is not None:
            continue
        shown.append(body[position : match.start()])
        length += match.start() - position
        marks.append(Mark(offset=length, key=match.group(2)))
        position = match.end()
    shown.append(body[position:])
    return "".join(shown), tuple(marks)
