"""No test reaches the network or the user's home; models come from a home of their own."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from fakes import HashEncoder, small_corpus
from framewise.index.index import Index
from framewise.index.weights import EMBEDDED, locate

USER_HOME = os.environ.get("FRAMEWISE_HOME", "")
LOOPBACK = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", None)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any address but this machine's fails the test that asks for it."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            pytest.fail(f"a test reached for the network: {address}")
        return connect(self, address)

    def guarded_look_up(host: object, *rest: object, **options: object) -> object:
        if host not in LOOPBACK:
            pytest.fail(f"a test looked up '{host}'")
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty FRAMEWISE_HOME, or the one with the weights for tests marked `models`."""
    folder = tmp_path / "home"
    if request.node.get_closest_marker("models"):
        folder = request.getfixturevalue("models_home")
    monkeypatch.setenv("FRAMEWISE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def models_home() -> Path:
    """The user's own home, with the embedded weights fetched into it once."""
    before = os.environ.pop("FRAMEWISE_HOME", None)
    if USER_HOME:
        os.environ["FRAMEWISE_HOME"] = USER_HOME
    folders = [locate(model) for model in EMBEDDED]
    if before is not None:
        os.environ["FRAMEWISE_HOME"] = before
    return folders[0].parent.parent


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: HashEncoder) -> Index:
    """The index of the small corpus."""
    return Index.build(small_corpus(), encoder, tmp_path / "index")
