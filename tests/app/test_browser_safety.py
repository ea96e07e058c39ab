"""What must never happen in the browser: hostile text, other people's text, other machines."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import HOSTILE, PacedModel, Served, Visitor, small_assistant

pytestmark = pytest.mark.filterwarnings("default")
Visit = Callable[..., Visitor]


def test_hostile_documents_run_nothing_load_nothing_and_link_nowhere(visit: Visit) -> None:
    person = visit()
    page = person.page
    for question in (
        "Compare hostile Lightning questions and choose one",
        "Which hostile Lightning number?",
    ):
        person.ask(question)
    assert "<script>window.hit=1</script>" in " ".join(person.answers())  # shown, as text
    for number in range(1, 6):
        page.click(f'#chat a[href$="#source-1-{number}"] >> nth=0')
        page.wait_for_selector(f"#source-1-{number}.fw-current")
        page.click(f'#source-1-{number} [data-do="document"]')
        page.wait_for_selector("#fw-dialog[open] #fw-here")
        page.click("#fw-dialog .fw-close")
    page.click('#pages button[role="tab"]:has-text("Explore")')
    page.wait_for_selector("#page-explore .fw-item")
    page.reload()
    person.ready()
    page.wait_for_selector("#chat .user-row")
    bad = page.evaluate(
        """() => ({
          hit: window.hit ?? null,
          links: [...document.querySelectorAll('#chat a, .fw-proof a, #fw-dialog a')].map((a) => a.getAttribute('href') || '')
            .filter((href) => !/#(source|answer|note)-/.test(href) && href !== 'https://example.org/p'),
          made: [...document.querySelectorAll('#chat img, #chat form, #chat iframe, #chat svg a, #chat .prose style, #proof img, #proof form, #proof iframe, #proof style, #proof script')].length,
          overlay: [...document.querySelectorAll('#chat .prose *, .fw-proof *')].filter((e) => getComputedStyle(e).position === 'fixed').length,
        })"""
    )
    assert bad == {"hit": None, "links": [], "made": 0, "overlay": 0}


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_questions_stay_text(visit: Visit, payload: str) -> None:
    person = visit()
    person.ask(f"Lightning {payload}"[:400])
    shown = person.questions()[0]
    assert " ".join(shown.split()) == " ".join(f"Lightning {payload}".split())
    assert person.page.evaluate("window.hit ?? null") is None
    assert (
        person.page.query_selector("#chat .user-row .prose a, #chat .user-row .prose img") is None
    )


def test_two_people_at_once_never_see_each_others_text(visit: Visit) -> None:
    one, two = visit(), visit()
    one.ask("Is TorchServe archived? My secret is alpha-7391.", wait=False)
    two.ask("What is LiteRT for? My secret is beta-5522.", wait=False)
    for person in (one, two):
        person.page.wait_for_selector('#chat a[href*="#answer-1"]', timeout=30_000)
        person.settled()
    stolen = one.page.url.split("?", 1)[1]
    for person, other in ((one, "beta-5522"), (two, "alpha-7391")):
        person.page.click("#side .toggle-button")
        time.sleep(0.4)
        assert other not in person.page.content()
    two.open(f"?{stolen}")  # a conversation's address is of no use in another browser
    time.sleep(1.0)
    assert two.questions() == []
    assert "alpha-7391" not in two.page.content()


def test_a_full_queue_is_told_clearly(
    browser: Any, tmp_path: Path, visit: Visit, paced: PacedModel
) -> None:
    page = Served(small_assistant(tmp_path, paced), tmp_path / "home", queue_size=1)
    try:
        people = [visit(address=page.address) for _ in range(5)]
        for person in people:
            person.ask("PyTorch or JAX for training on TPUs? Tell it slowly.", wait=False)
            time.sleep(0.3)
        people[-1].page.wait_for_selector('.toast-body, [data-testid="toast-body"]', timeout=10_000)
        told = people[-1].page.inner_text('.toast-body, [data-testid="toast-body"]').lower()
        assert "queue" in told or "too many" in told or "busy" in told
    finally:
        page.stop()


def test_headers_host_and_cookie(served: Served) -> None:
    def get(host: str, cookie: str = "") -> tuple[int, dict[str, str]]:
        port = int(served.address.rsplit(":", 1)[1].strip("/"))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Host": host, "Cookie": cookie})
        reply = connection.getresponse()
        reply.read()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}

    status, headers = get("localhost")
    assert status == 200
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "HttpOnly; SameSite=Lax" in headers["set-cookie"]
    known = headers["set-cookie"].split(";")[0]
    assert "set-cookie" not in get("localhost", known)[1]
    assert get("rebound.example")[0] == 421
