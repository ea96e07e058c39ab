"""What an evaluation needs around it: its optional libraries, a folder for a while."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from importlib.util import find_spec
from pathlib import Path

from framewise.corpus.errors import MissingExtraError


def need(module: str, install: str = "pip install 'framewise[eval]'") -> None:
    """Checks that an optional library is there.

    Raises:
        MissingExtraError: it is not; the message says what to install.
    """
    if find_spec(module) is None:
        raise MissingExtraError(
            f"the evaluation needs '{module}', which is not installed.",
            fix=f"Run: {install}",
        )


def temporary_folder(owner: object) -> Path:
    """A new folder that is removed when its owner is, or at the end of the program."""
    folder = tempfile.mkdtemp(prefix="framewise-eval-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
