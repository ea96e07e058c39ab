"""One browser and one server for all browser tests; skipped with the reason where there is no browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import PacedModel, Served, Visitor, chromium, chromium_path, small_assistant


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    pytest.importorskip(
        "playwright", reason="playwright is not installed: pip install 'framewise[dev]'"
    )
    if not chromium_path():
        pytest.skip(
            "no Chromium on this machine: apt-get install chromium, or set FRAMEWISE_CHROMIUM"
        )
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def paced() -> PacedModel:
    return PacedModel()


@pytest.fixture(scope="session")
def served(
    tmp_path_factory: pytest.TempPathFactory, paced: PacedModel, browser: Any
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    page = Served(small_assistant(folder, paced), folder / "home")
    yield page
    page.stop()


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Callable[..., Visitor]]:
    """Opens the page as a new person; asserts in the end that nothing left the machine."""
    here: list[Visitor] = []

    def open_page(query: str = "", address: str = "", **options: Any) -> Visitor:
        here.append(Visitor(browser, address or served.address, query=query, **options))
        return here[-1]

    yield open_page
    outside = [url for visitor in here for url in visitor.outside]
    errors = [error for visitor in here for error in visitor.errors]
    for visitor in here:
        visitor.close()
    assert (outside, errors) == ([], [])
