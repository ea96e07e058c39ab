"""The chat as a person uses it, in a headless browser: asking, streaming, stopping, going back, keeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from browser import PacedModel, Served, Visitor
from framewise.app.conversations import Conversations

pytestmark = pytest.mark.filterwarnings("default")
TPU = "PyTorch or JAX for training on TPUs?"
Visit = Callable[..., Visitor]


def test_an_answer_streams_sentence_by_sentence_and_ends_with_its_sources(visit: Visit) -> None:
    person = visit()
    person.ask(f"{TPU} Tell it slowly.", wait=False)
    person.page.wait_for_selector("#chat .thought-group, #chat .pending", timeout=5_000)
    person.page.wait_for_selector('#chat a[href*="#source-1-1"]', timeout=30_000)
    assert person.page.get_attribute('#chat [role="log"]', "aria-busy") == "true"
    early = len(person.marks())
    person.page.wait_for_function(
        f"document.querySelectorAll('#chat a[href*=\"#source-1-\"]').length > {early}",
        timeout=30_000,
    )
    assert person.page.is_visible("#question .stop-button")
    person.page.click("#question .stop-button")
    person.settled()
    assert person.page.get_attribute('#chat [role="log"]', "aria-busy") == "false"


def test_stop_ends_the_model_within_a_second_and_says_so(visit: Visit, paced: PacedModel) -> None:
    person = visit()
    person.ask(f"{TPU} Tell it slowly.", wait=False)
    person.page.wait_for_selector('#chat a[href*="#source-1-1"]', timeout=30_000)
    assert paced.writing.is_set()
    person.page.click("#question .stop-button")
    pressed = time.monotonic()
    while paced.writing.is_set() and time.monotonic() < pressed + 5:
        time.sleep(0.01)
    print(f"\nstopped {time.monotonic() - pressed:.2f} s after the press")
    assert paced.last_typed - pressed < 1.0
    assert not paced.writing.is_set()
    person.settled()
    assert "Stopped before the answer was whole" in person.answers()[-1]
    assert len(person.marks()) >= 1  # what was verified stays


def test_stop_before_the_first_sentence_says_stopped_not_refused(
    visit: Visit, paced: PacedModel
) -> None:
    person = visit()
    person.ask(f"{TPU} Tell it slowly.", wait=False)
    person.page.wait_for_selector("#question .stop-button", timeout=10_000)
    person.page.click("#question .stop-button")
    person.settled()
    assert "Stopped before the answer was whole" in person.answers()[-1]
    assert "No answer" not in person.answers()[-1]


def test_a_closed_tab_ends_its_model(visit: Visit, paced: PacedModel) -> None:
    person = visit()
    person.ask(f"{TPU} Tell it slowly.", wait=False)
    person.page.wait_for_selector('#chat a[href*="#source-1-1"]', timeout=30_000)
    person.page.close()
    left = time.monotonic()
    while paced.writing.is_set() and time.monotonic() < left + 5:
        time.sleep(0.02)
    assert not paced.writing.is_set()


def test_retry_undo_and_edit_go_back_to_their_turn(visit: Visit) -> None:
    person = visit()
    person.ask("Is TorchServe archived?")
    person.ask("What is LiteRT for?")
    assert person.questions() == ["Is TorchServe archived?", "What is LiteRT for?"]
    with person.answered():
        person.page.click('#chat button[title="Retry"] >> nth=-1')
    assert person.questions() == ["Is TorchServe archived?", "What is LiteRT for?"]
    assert len(person.answers()) == 2
    person.page.click('#chat button[title="Undo"] >> nth=-1')
    person.page.wait_for_function("document.querySelectorAll('#chat .user-row').length === 1")
    assert person.page.input_value("#question textarea") == "What is LiteRT for?"
    person.page.click('#chat .user-row button[title="Edit"]')
    person.page.fill("#chat .user-row textarea", "Is XGBoost for tabular data?")
    with person.answered():
        person.page.click('#chat button[title="Submit"]')
    assert person.questions() == ["Is XGBoost for tabular data?"]
    assert "XGBoost" in person.answers()[-1]


def test_examples_follow_ups_and_links_ask_by_themselves(visit: Visit) -> None:
    person = visit()
    with person.answered():
        person.page.click("#chat .example >> nth=0")
    assert person.questions() == [TPU]
    with person.answered():
        person.page.click("#chat .option >> nth=0")
    assert len(person.questions()) == 2
    linked = visit("?q=Is%20TorchServe%20archived%3F")
    linked.page.wait_for_selector('#chat a[href*="#source-1-1"]', timeout=20_000)
    assert linked.questions() == ["Is TorchServe archived?"]


def test_what_is_typed_while_the_page_still_loads_is_kept(visit: Visit) -> None:
    person = visit()

    def type_and_go_on(route: Any) -> None:
        person.page.fill("#question textarea", "What is LiteRT for?")
        route.continue_()

    person.page.route("**/queue/join*", type_and_go_on, times=1)
    person.page.reload()
    person.ready()
    time.sleep(0.5)
    assert person.page.input_value("#question textarea") == "What is LiteRT for?"
    assert person.questions() == []


def test_an_empty_question_asks_nothing(visit: Visit) -> None:
    person = visit()
    person.ask("   ", wait=False)
    time.sleep(0.5)
    assert person.questions() == []
    person.ask("?!")
    assert "the question is empty" in person.answers()[-1]


def test_a_reload_and_a_restart_keep_everything(visit: Visit, served: Served) -> None:
    person = visit()
    person.ask(TPU)
    person.ask("Is TorchServe archived?")
    person.marks(1)[0].click()
    person.page.wait_for_selector("#source-1-1.fw-current")
    before = person.answers()
    for again in (person.page.reload, served.restart):
        again()
        person.page.reload()
        person.ready()
        person.page.wait_for_selector("#source-1-1.fw-current", timeout=20_000)
        assert person.answers() == before
        assert person.questions() == [TPU, "Is TorchServe archived?"]
    person.ask("What is LiteRT for?")
    assert len(person.questions()) == 3


def test_conversations_are_listed_found_renamed_and_deleted(visit: Visit) -> None:
    person = visit()
    page = person.page
    person.ask("Is TorchServe archived?")
    page.click("#side .toggle-button")
    page.click("#new")
    page.wait_for_function("document.querySelectorAll('#chat .user-row').length === 0")
    person.ask("What is LiteRT for?")
    names = "#fw-conversations .fw-name"
    page.wait_for_function("document.querySelectorAll('#fw-conversations li').length === 2")
    page.fill("#fw-search", "torchserve")
    page.wait_for_function("document.querySelectorAll('#fw-conversations li').length === 1")
    page.click('#fw-conversations [data-do="rename"]')
    page.keyboard.type("Serving, once")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('#fw-conversations .fw-name')?.innerText.startsWith('Serving, once')"
    )
    page.click(names)
    page.wait_for_function(
        "document.querySelector('#chat .user-row')?.innerText.includes('TorchServe')"
    )
    page.fill("#fw-search", "")
    page.wait_for_function("document.querySelectorAll('#fw-conversations li').length === 2")
    page.click('#fw-conversations li:has-text("Serving, once") [data-do="delete"]')
    assert len(page.query_selector_all("#fw-conversations li")) == 2  # asked once more first
    page.click('#fw-conversations li:has-text("Serving, once") [data-do="delete"]')
    page.wait_for_function("document.querySelectorAll('#fw-conversations li').length === 1")
    page.wait_for_function("document.querySelectorAll('#chat .user-row').length === 0")
    page.click('[data-do="delete-all"]')
    page.click('[data-do="delete-all"]')
    page.wait_for_function("document.querySelectorAll('#fw-conversations li').length === 0")


def test_feedback_with_a_reason_is_kept(visit: Visit, served: Served) -> None:
    person = visit()
    person.ask("What is LiteRT for?")
    person.ask("Is TorchServe archived?")
    person.page.hover('#chat button[title="Feedback"] >> nth=-1')
    person.page.click('#chat .extra-feedback-option:has-text("Outdated") >> nth=-1')
    cookie = next(c["value"] for c in person.context.cookies() if c["name"] == "framewise_visitor")
    kept = Conversations(served.home / "conversations.sqlite", cookie)
    until = time.monotonic() + 5
    while kept.ratings(kept.entries()[0].id) != ["", "Outdated"] and time.monotonic() < until:
        time.sleep(0.05)
    assert kept.ratings(kept.entries()[0].id) == ["", "Outdated"]
    person.page.reload()
    person.ready()
    person.page.wait_for_selector('#chat a[href*="#answer-2"]')
    chosen = "document.querySelectorAll('#chat .extra-feedback-option[style*=\"bold\"]')"
    person.page.wait_for_function(f"{chosen}.length > 0")
    last = person.page.evaluate(f"[...{chosen}].every((each) => each.innerText === 'Outdated')")
    assert last


def test_the_first_step_shows_at_once_and_the_page_costs_little(
    visit: Visit, served: Served
) -> None:
    person = visit()
    person.ask("Is TorchServe archived?")
    seen = []
    for _ in range(5):
        person.page.fill("#question textarea", TPU)
        count = len(person.questions())
        begun = person.page.evaluate(
            """(count) => new Promise((done) => {
              const box = document.querySelector('#question textarea'), begun = performance.now();
              const seen = () => document.querySelectorAll('#chat .user-row').length > count;
              const watch = new MutationObserver(() => { if (seen()) { watch.disconnect(); done(performance.now() - begun); } });
              watch.observe(document.querySelector('#chat'), { childList: true, subtree: true });
              box.focus();
              box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
              box.dispatchEvent(new KeyboardEvent('keypress', { key: 'Enter', bubbles: true, cancelable: true }));
            })""",
            count,
        )
        seen.append(begun)
        person.settled()
    print("\nfirst visible step, ms:", [round(each) for each in seen])
    assert sorted(seen)[len(seen) // 2] < 200


def test_threads_do_not_pile_up(visit: Visit) -> None:
    person = visit()
    person.ask("Is TorchServe archived?")
    before = threading.active_count()
    for _ in range(4):
        with person.answered():
            person.page.click('#chat button[title="Retry"] >> nth=-1')
    assert threading.active_count() <= before + 4
