"""Files to Documents: every broken field is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.articles import load_document, load_folder
from framewise.corpus.errors import CorpusError

GOOD = """---
id: vllm
title: "vLLM: profile"
kind: doc
form: profile
frameworks: [vllm]
topics: [llm-serving]
published: 2026-11-22
checked: 2026-11-22
sources:
  - id: readme
    title: vLLM README
    locator: README.md
    url: https://github.com/vllm-project/vllm
    date: 2026-05-27
    licence: Apache-2.0
---

## In short

vLLM serves language models. [^readme]
"""


def write(folder: Path, text: str, name: str = "vllm.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_becomes_a_document(tmp_path: Path) -> None:
    found = load_document(write(tmp_path, GOOD))
    assert (found.id, found.kind, found.form, found.frameworks) == (
        "vllm",
        "doc",
        "profile",
        ("vllm",),
    )
    assert found.text == "## In short\n\nvLLM serves language models."
    start = found.text.index("vLLM")
    assert found.source_of(start, len(found.text)).title == "vLLM README"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: vllm\n", "id: 7\n", r"vllm.md:2: the field 'id' is 7"),
        ("id: vllm\n", "id: Not An Id\n", r"vllm.md:2: the id 'Not An Id' is not lower case"),
        ('title: "vLLM: profile"', "title:", r"vllm.md:3: the field 'title' is None"),
        ("kind: doc", "kind: blog", r"vllm.md:4: the field 'kind' is 'blog'. Known are article"),
        ("form: profile", "form: poem", r"vllm.md:5: the field 'form' is 'poem'"),
        ("frameworks: [vllm]", "frameworks: vllm", r"vllm.md:6: the field 'frameworks' is 'vllm'"),
        ("published: 2026-11-22", "published: soon", r"vllm.md:8: the field 'published' is 'soon'"),
        ("    date: 2026-05-27", "    date: May", r"vllm.md:10: a source's date is 'May'"),
        (
            "https://github.com",
            "javascript://github.com",
            r"vllm.md:10: a source's url is 'javascript",
        ),
        (
            "## In short\n\nvLLM serves language models. [^readme]\n",
            "",
            r"the document has no text",
        ),
    ],
)
def test_a_broken_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load_document(write(tmp_path, GOOD.replace(old, new, 1)))


def test_two_documents_with_one_id(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "twin.md")
    with pytest.raises(CorpusError, match=r"vllm.md:1: the id 'vllm' is taken by .*twin.md"):
        load_folder(tmp_path)


def test_an_empty_corpus_and_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no document"):
        load_folder(tmp_path)
    with pytest.raises(CorpusError, match="is not a folder"):
        load_folder(tmp_path / "nowhere")


def test_bytes_that_are_not_utf8_and_files_too_large(tmp_path: Path) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(CorpusError, match="byte 3 is not UTF-8"):
        load_document(path)
    path.write_bytes(b"x" * 2_000_001)
    with pytest.raises(CorpusError, match="2000001 bytes; at most 2000000"):
        load_document(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path, "Secret text.", "secret.txt")
    folder = tmp_path / "mine"
    folder.mkdir()
    write(folder, "Public text.", "page.md")
    (folder / "link.md").symlink_to(secret)
    assert [document.text for document in load_folder(folder)] == ["Public text."]


def test_a_page_without_front_matter_is_the_users(tmp_path: Path) -> None:
    write(tmp_path, "# My notes\n\nWe use JAX.", "Notes 1.md")
    [page] = load_folder(tmp_path)
    assert (page.id, page.title, page.kind) == ("user.notes-1.md", "My notes", "user")
