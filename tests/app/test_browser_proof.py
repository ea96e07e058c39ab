"""The proof of an answer in a headless browser: marks, panel, document, table, keys, copies and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import Served, Visitor

pytestmark = pytest.mark.filterwarnings("default")
TPU = "PyTorch or JAX for training on TPUs?"
Visit = Callable[..., Visitor]


def test_a_mark_shows_its_card_and_opens_its_source_by_mouse(visit: Visit, served: Served) -> None:
    person = visit()
    page = person.page
    person.ask(TPU)
    page.wait_for_timeout(400)  # the chat scrolls to its end first
    mark = person.marks()[1]
    mark.hover()
    page.wait_for_selector("#fw-hover", state="visible")
    card = page.inner_text("#fw-hover")
    mark.click()
    page.wait_for_selector("#source-1-2.fw-current")
    quote = page.text_content("#source-1-2 mark")
    assert quote is not None
    assert quote in card
    # The highlight is the document's own text at the quote's offsets.
    where = page.query_selector("#source-1-2 mark")
    start, end = int(where.get_attribute("data-start")), int(where.get_attribute("data-end"))
    name = page.get_attribute('#source-1-2 [data-do="document"]', "data-id")
    assert served.assistant.index.documents[name].text[start:end] == quote
    page.click('#source-1-2 [data-do="document"]')
    page.wait_for_selector("#fw-dialog[open] #fw-here")
    assert page.text_content("#fw-here") == quote
    page.keyboard.press("Escape")
    page.wait_for_selector("#fw-dialog:not([open])", state="attached")


def test_the_whole_proof_is_reached_by_keyboard_alone(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask(TPU)
    page.focus('#chat a[href*="#source-1-1"]')
    page.wait_for_selector("#fw-hover", state="visible")
    assert page.get_attribute('#chat a[href*="#source-1-1"]', "aria-label").startswith("Source 1: ")
    page.keyboard.press("Enter")
    page.wait_for_selector("#source-1-1.fw-current")
    assert page.evaluate("document.activeElement.id") == "source-1-1"
    for key, expected in (("n", "source-1-2"), ("n", "source-1-3"), ("p", "source-1-2")):
        page.keyboard.press(key)
        page.wait_for_selector(f"#{expected}.fw-current")
        assert page.evaluate("document.activeElement.id") == expected
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fw-dialog[open] #fw-here")
    page.keyboard.press("Escape")
    page.wait_for_selector("#fw-dialog:not([open])", state="attached")
    page.focus("#source-1-2")
    page.keyboard.press("Escape")
    assert "#source-1-1" in page.evaluate("document.activeElement.getAttribute('href') || ''")
    page.focus("#question textarea")
    page.keyboard.type("npn")
    assert page.input_value("#question textarea") == "npn"  # letters typed stay letters


def test_a_comparison_has_a_table_whose_cells_open_their_evidence(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask("PyTorch or JAX: which licence?")
    rows = page.query_selector_all("#chat table tr")
    assert [row.query_selector("td strong").inner_text() for row in rows[1:]] == ["PyTorch", "JAX"]
    cells = [row.query_selector_all("td")[1].inner_text() for row in rows[1:]]
    assert "BSD" in cells[0]
    assert cells[1] == "no source found"
    link = page.query_selector("#chat table a[href*='#source-']")
    link.click()
    page.wait_for_selector("article.fw-current")
    assert "BSD" in page.inner_text("article.fw-current mark")


def test_cited_and_also_read_stand_apart_and_follow_the_answer_being_read(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask("Is TorchServe archived?")
    titles = [each.inner_text() for each in page.query_selector_all(".fw-proof section h3")]
    assert titles[0].startswith("Cited")
    assert "As of" in person.answers()[0]
    person.ask(TPU)
    page.wait_for_selector('.fw-proof[data-turn="2"]')
    page.click('#chat a[href*="#answer-1"]')
    page.wait_for_selector('.fw-proof[data-turn="1"]')
    page.hover("#chat")
    page.mouse.wheel(0, 20_000)
    page.wait_for_selector('.fw-proof[data-turn="2"]', timeout=5_000)


def test_twenty_sources_and_a_refusal_and_old_sources_are_all_told_in_words(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask("Which Keras layers for quick prototypes?")
    cited = page.query_selector_all('.fw-proof section[aria-label="Cited"] article')
    assert len(cited) >= 5
    person.ask("Compare Keras prototypes in classrooms, and choose the best Keras layer")
    cited = page.query_selector_all('.fw-proof section[aria-label="Cited"] article')
    assert len(cited) == 20
    for number in (1, 20):
        page.click(f'#chat a[href$="#source-2-{number}"] >> nth=0')
        page.wait_for_selector(f"#source-2-{number}.fw-current")
    person.ask("Who will win the framework war in 2040?")
    assert "No answer: the sources do not carry one." in person.answers()[-1]


def test_answers_and_conversations_are_taken_along_whole(visit: Visit, tmp_path: Path) -> None:
    person = visit()
    page = person.page
    person.ask(TPU)
    person.ask("Is TorchServe archived?")
    texts = {}
    for form in ("markdown", "html", "json", "decision"):
        with page.expect_download() as found:
            page.click(f'.fw-export [data-turn="2"][data-format="{form}"]')
        path = tmp_path / found.value.suggested_filename
        found.value.save_as(path)
        texts[form] = path.read_text(encoding="utf-8")
    quote = "TorchServe is archived: its repository takes no fixes since 2025-08-07."
    assert all(quote in text for text in texts.values())
    assert "https://example.org/p" in texts["markdown"]
    assert 'href="https://example.org/p"' in texts["html"]
    payload = json.loads(texts["json"])["answers"][0]
    assert payload["citations"][0]["quote"] == quote
    assert "## Reasons and trade-offs" in texts["decision"]
    page.click("#side .toggle-button")
    with page.expect_download() as found:
        page.click('#fw-export-all [data-format="json"]')
    found.value.save_as(tmp_path / "all.json")
    assert len(json.loads((tmp_path / "all.json").read_text())["answers"]) == 2


def test_a_copy_keeps_its_citations(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask("Is TorchServe archived?")
    page.click('#chat .bot-row button[title="Copy message"] >> nth=-1')
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "fixes since 2025-08-07. [1]" in copied
    assert "Sources:\n[1] torchserve › Status" in copied
    assert "](#" not in copied
    selected: Any = page.evaluate(
        """() => { const p = document.querySelector('#chat .bot-row .prose.chatbot p a[href*="#source-"]').closest('p');
          getSelection().selectAllChildren(p); return document.execCommand('copy'); }"""
    )
    assert selected
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "Sources:" in copied
    page.click('[data-do="link"]')
    assert page.evaluate("navigator.clipboard.readText()").endswith(
        "?q=Is%20TorchServe%20archived%3F"
    )


def test_explore_finds_filters_and_opens_without_asking(visit: Visit) -> None:
    person = visit()
    page = person.page
    page.click('#pages button[role="tab"]:has-text("Explore")')
    page.wait_for_selector("#page-explore .fw-item")
    page.fill(
        '#page-explore input[placeholder="Words or a question"], #page-explore textarea[placeholder="Words or a question"]',
        "Google Play services",
    )
    page.wait_for_function(
        "document.querySelector('#page-explore .fw-item b')?.innerText === 'litert'"
    )
    page.click("#page-explore .fw-item >> nth=0")
    page.wait_for_selector('#fw-dialog[open] h1:has-text("litert")')
    page.click("#fw-dialog .fw-close")
    page.click('#explore button[role="tab"]:has-text("Frameworks")')
    page.click('#page-explore [data-do="profile"]:has-text("TorchServe")')
    page.wait_for_selector('#fw-dialog[open] h1:has-text("TorchServe")')
    assert "archived" in page.inner_text("#fw-dialog")
    page.click("#fw-dialog .fw-close")
    page.click('#explore button[role="tab"]:has-text("Metrics")')
    page.wait_for_selector(
        "#page-explore .vega-embed, #page-explore canvas, #page-explore svg.marks", timeout=20_000
    )
    with page.expect_download() as found:
        page.click('#page-explore [data-do="csv"]')
    assert found.value.suggested_filename == "framewise-rows.csv"


def test_settings_narrow_the_sources_and_say_so(visit: Visit) -> None:
    person = visit()
    page = person.page
    page.click('#pages button[role="tab"]:has-text("Settings")')
    page.wait_for_selector("#page-settings .fw-facts")
    assert "paced" in page.inner_text("#page-settings .fw-facts")
    page.check(
        '#page-settings input[type="checkbox"][value="metric"], #page-settings label:has-text("metric") input'
    )
    page.wait_for_selector(".fw-filters", state="attached")
    page.click('#pages button[role="tab"]:has-text("Chat")')
    assert "metric" in page.inner_text(".fw-filters")
    person.ask("Which framework do MLPerf systems name?")
    assert "Only metric were searched" in person.answers()[-1] or "metric" in person.answers()[-1]
    kinds = {each.inner_text().lower() for each in page.query_selector_all(".fw-proof .fw-kind")}
    assert kinds == {"metric"}
    page.reload()
    person.ready()
    page.wait_for_selector(".fw-filters", timeout=10_000)  # settings stay
