"""Where Framewise keeps models, indexes and conversations; does not know what is in them."""

from __future__ import annotations

import os
from pathlib import Path

from framewise.corpus.errors import StorageError

VARIABLE = "FRAMEWISE_HOME"


def home() -> Path:
    """The folder of FRAMEWISE_HOME, or the operating system's place for user data.

    Raises:
        StorageError: FRAMEWISE_HOME names a file, or the home of nobody.
    """
    named = os.environ.get(VARIABLE, "")
    if named:
        try:
            path = Path(named).expanduser()
        except RuntimeError as error:
            raise StorageError(
                f"{VARIABLE} is '{named}', whose user has no home folder."
            ) from error
    else:
        from platformdirs import user_data_path

        path = user_data_path("framewise", appauthor=False)
    if path.exists() and not path.is_dir():
        raise StorageError(
            f"{VARIABLE} is '{path}', which is not a folder.", fix=f"Set {VARIABLE} to a folder."
        )
    return path


def ensure_folder(path: Path) -> Path:
    """The folder, made private to the user if it was not there.

    Raises:
        StorageError: it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"the folder '{path}' cannot be made: {error.strerror}.",
            fix=f"Set {VARIABLE} to a folder you can write to.",
        ) from error
    if not os.access(path, os.W_OK):
        raise StorageError(
            f"the folder '{path}' is read-only.",
            fix=f"Set {VARIABLE} to a folder you can write to.",
        )
    return path
