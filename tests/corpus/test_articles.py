"""Files to Documents: every broken field is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from framewise.corpus.articles import load_document, load_folder
from framewise.corpus.errors import CorpusError
from framewise.corpus.load import corpus_stamp

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


def test_an_odd_file_stops_no_folder_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "We use JAX.", "good.md")
    write(tmp_path, "", "empty.md")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    write(
        tmp_path,
        "---\nlayout: post\ntitle: Our choice\ndate: 2024-01-01\n---\nWe chose Keras.",
        "blog.md",
    )
    write(tmp_path, "---\nbroken: [yaml\n---\nWe like MLX.", "broken.md")
    found = {d.id: (d.title, d.text) for d in load_folder(tmp_path)}
    assert found["user.good.md"] == ("good", "We use JAX.")
    assert found["user.blog.md"] == ("Our choice", "We chose Keras.")
    assert found["user.broken.md"][1].endswith("We like MLX.")
    assert len(found) == 3
    left_out = sorted(record.getMessage() for record in caplog.records)
    assert "binary.txt: byte 0 is not UTF-8" in left_out[0]
    assert "empty.md:1: the document has no text" in left_out[1]


def test_names_that_lose_their_letters_stay_apart(tmp_path: Path) -> None:
    for name in ("日本.md", "中国.md", "a" * 150 + ".md", "a" * 151 + ".md"):
        write(tmp_path, f"The text of {name[:3]}.", name)
    assert len({document.id for document in load_folder(tmp_path)}) == 4


def test_the_stamp_sees_what_is_read_and_survives_a_dangling_link(tmp_path: Path) -> None:
    write(tmp_path, "One.", "page.MD")
    before = corpus_stamp(tmp_path)
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    assert corpus_stamp(tmp_path) == before
    write(tmp_path, "Another one.", "page.MD")
    assert corpus_stamp(tmp_path) != before


def test_of_several_sources_only_the_marked_one_vouches(tmp_path: Path) -> None:
    two = GOOD.replace(
        "  - id: readme\n",
        "  - id: other\n    title: Other\n    locator: o\n    date: 2020\n    licence: MIT\n  - id: readme\n",
    )
    two = two.replace(
        "[^readme]",
        "[^readme]\n\nNobody vouches for this.\n\n- First item.\n- Second item. [^other]",
    )
    found = load_document(write(tmp_path, two))

    def date(text: str) -> str:
        start = found.text.index(text)
        return found.date_of(start, start + len(text))

    assert date("vLLM serves language models.") == "2026-05-27"
    assert date("Nobody vouches for this.") == found.published
    assert date("First item.") == found.published
    assert date("Second item.") == "2020"


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
