"""Fit for people: phone, dark, reduced motion, long conversations, and axe-core on each main state."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from browser import Served, Visitor
from framewise.app.conversations import Conversations

pytestmark = pytest.mark.filterwarnings("default")
TPU = "PyTorch or JAX for training on TPUs?"
Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


def findings(person: Visitor) -> list[str]:
    """axe-core's serious and critical findings, each with where it was found."""
    found = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe is not installed: pip install 'framewise[dev]'",
    )
    violations = found.Axe().run(person.page).response["violations"]
    return [
        f"{each['impact']}: {each['id']}: {node['target']} {node['failureSummary'][:200]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_finding_in_any_main_state(visit: Visit, scheme: str) -> None:
    person = visit(color_scheme=scheme)
    page = person.page
    seen = {"empty": findings(person)}
    person.ask(TPU)
    person.marks()[0].click()
    page.wait_for_selector("#source-1-1.fw-current")
    seen["answer"] = findings(person)
    page.click('#source-1-1 [data-do="document"]')
    page.wait_for_selector("#fw-dialog[open] #fw-here")
    seen["document"] = findings(person)
    page.click("#fw-dialog .fw-close")
    page.click("#side .toggle-button")
    time.sleep(0.4)
    seen["conversations"] = findings(person)
    page.click("#side .toggle-button")
    for name in ("Explore", "Metrics", "Settings"):
        tabs = "#explore" if name == "Metrics" else "#pages"
        page.click(f'{tabs} button[role="tab"]:has-text("{name}")')
        time.sleep(0.3)
        seen[name] = findings(person)
    assert {name: found for name, found in seen.items() if found} == {}


def test_a_phone_shows_everything_and_scrolls_only_down(visit: Visit) -> None:
    person = visit(**PHONE)
    page = person.page
    person.ask(TPU)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.is_visible("#evidence")
    page.tap('#chat a[href*="#source-1-1"] >> nth=0')
    page.wait_for_selector("#source-1-1.fw-current", state="visible")
    box = page.query_selector("#evidence").bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    page.tap("#fw-open-sheet")
    page.wait_for_selector("#evidence", state="hidden")
    page.fill("#question textarea", "x" * 300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_dark_follows_the_system_and_the_choice_is_kept(visit: Visit) -> None:
    person = visit(color_scheme="dark")
    page = person.page

    def brightness() -> int:
        return int(
            page.evaluate(
                "Math.max(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number))"
            )
        )

    assert brightness() < 60
    page.click('#pages button[role="tab"]:has-text("Settings")')
    page.click('[data-do="theme"][data-theme="light"]')
    assert brightness() > 200
    page.reload()
    person.ready()
    assert brightness() > 200


def test_reduced_motion_is_honoured(visit: Visit) -> None:
    person = visit(reduced_motion="reduce")
    seconds = person.page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('#question .submit-button')).transitionDuration) || 0"
    )
    assert seconds <= 0.001


def test_two_hundred_messages_open_and_go_on_at_once(visit: Visit, served: Served) -> None:
    person = visit()
    person.ask("Is TorchServe archived?")
    cookie = next(c["value"] for c in person.context.cookies() if c["name"] == "framewise_visitor")
    kept = Conversations(served.home / "conversations.sqlite", cookie)
    id = kept.entries()[0].id
    answer = kept.turns(id)[0]
    for _ in range(99):
        kept.add(id, answer)
    begun = time.monotonic()
    person.page.reload()
    person.page.wait_for_function(
        "document.querySelectorAll('#chat .user-row').length === 100", timeout=30_000
    )
    opened = time.monotonic() - begun
    begun = time.monotonic()
    person.ask("What is LiteRT for?")
    asked = time.monotonic() - begun
    print(f"\n200 messages: opened in {opened:.1f} s, the next answer in {asked:.1f} s")
    person.page.wait_for_function(
        "document.querySelectorAll('#chat .user-row').length === 101", timeout=5_000
    )
    assert opened < 15
    assert asked < 15


def test_the_page_adds_little_to_the_answer_itself(visit: Visit, served: Served) -> None:
    """Seconds from Enter to the whole answer, against the same question asked of the Assistant; the best of three."""
    question = "Is TorchServe archived? Tell it steadily."
    person, added = visit(), []
    for _ in range(
        3
    ):  # other work on the machine slows one of the two at times, not the best of three
        begun = time.monotonic()
        served.assistant.ask(question)
        alone = time.monotonic() - begun
        begun = time.monotonic()
        person.ask(question)
        shown = time.monotonic() - begun
        print(f"\nanswer {alone:.2f} s alone, {shown:.2f} s in the page")
        added.append(shown - alone * 1.10)
    assert min(added) < 0.3
