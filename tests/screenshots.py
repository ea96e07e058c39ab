"""The page's pictures, made anew: `python tests/screenshots.py [FOLDER]` writes app/screenshots/*.png.

Asks the shipped corpus with the embedded model, so they show what a user sees.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser import Served, Visitor, chromium
from framewise.app.assistant import Assistant

FOLDER = Path(__file__).parent.parent / "app" / "screenshots"
COLOURS = 128  # a palette keeps each picture under 150 KB
COMPARISON = "PyTorch or JAX for training on TPUs?"
TREND = "Is PyTorch more popular than TensorFlow in research papers?"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


def answer_with_proof(person: Visitor) -> None:
    """A comparison with the source of its second sentence open."""
    person.ask(COMPARISON)
    person.page.wait_for_timeout(500)
    person.marks()[1].click()
    person.page.wait_for_selector("#source-1-2.fw-current")
    person.page.wait_for_timeout(900)


def chart(person: Visitor) -> None:
    """A question on a trend, with its chart."""
    person.ask(TREND)
    person.page.click('#evidence-tabs button[role="tab"]:has-text("Chart")')
    person.page.wait_for_timeout(2500)


def explore(person: Visitor) -> None:
    """The corpus to look through."""
    person.page.click('#pages button[role="tab"]:has-text("Explore")')
    person.page.wait_for_timeout(800)


def document(person: Visitor) -> None:
    """A whole document with the quote marked."""
    answer_with_proof(person)
    person.page.click('#source-1-2 [data-do="document"]')
    person.page.wait_for_selector("#fw-dialog[open] #fw-here")
    person.page.wait_for_timeout(300)


def empty(person: Visitor) -> None:
    """The first sight."""
    person.page.wait_for_timeout(500)


PICTURES: dict[str, tuple[Callable[[Visitor], None], dict[str, Any]]] = {
    "desktop-light-empty": (empty, {}),
    "desktop-light-proof": (answer_with_proof, {}),
    "desktop-light-document": (document, {}),
    "desktop-dark-chart": (chart, {"color_scheme": "dark"}),
    "desktop-dark-explore": (explore, {"color_scheme": "dark"}),
    "phone-light-proof": (answer_with_proof, PHONE),
    "phone-dark-empty": (empty, {**PHONE, "color_scheme": "dark"}),
}


def main(folder: Path = FOLDER) -> None:
    """Makes every picture."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        assistant = Assistant()
        _ = assistant.index, assistant.model_id
        served = Served(assistant, Path(home))
        for name, (act, options) in PICTURES.items():
            person = Visitor(browser, served.address, **options)
            act(person)
            path = folder / f"{name}.png"
            person.page.screenshot(path=path)
            person.close()
            with Image.open(path) as picture:
                picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size // 1000} KB")
        served.stop()


if __name__ == "__main__":
    main(*(Path(each) for each in sys.argv[1:2]))
