"""Says which extra an evaluation needs when a library of it is missing."""

from __future__ import annotations

from importlib.util import find_spec

from framewise.corpus.errors import MissingExtraError


def need(module: str) -> None:
    """Checks that an optional library is there.

    Raises:
        MissingExtraError: it is not; the message says what to install.
    """
    if find_spec(module) is None:
        raise MissingExtraError(
            f"the evaluation needs '{module}', which is not installed.",
            fix="Run: pip install 'framewise[eval]'",
        )
