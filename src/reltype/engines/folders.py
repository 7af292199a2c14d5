"""Private folders, and what becomes of them where a process is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "reltype-"
"""How the names of private folders begin."""

_LOCK = "owner.lock"
_held: dict[str, int] = {}


def own_folder() -> str:
    """A new folder that only this process reads, and that the next one sweeps if this is killed.

    Its owner holds a lock on a file in it for as long as it lives: a number of a process may come
    again, and in another container it is somebody else's.
    """
    sweep()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    try:
        import fcntl
    except ImportError:  # Windows, where nothing is swept
        return folder
    path = Path(folder, _LOCK)
    descriptor = os.open(path.with_suffix(".new"), os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # It gets its name when it is locked: before that, nobody takes it for a dead one's.
    path.with_suffix(".new").rename(path)
    _held[folder] = descriptor
    return folder


def drop_folder(folder: str) -> None:
    """Remove a folder that `own_folder` made, and its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    descriptor = _held.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


def drop_folders() -> None:
    """Remove every folder that this process has, whatever it is doing: it is about to end."""
    for folder in list(_held):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A private folder for as long as the block lasts."""
    folder = own_folder()
    try:
        yield Path(folder)
    finally:
        drop_folder(folder)


def sweep() -> None:
    """Remove folders of ours whose process is gone."""
    try:
        import fcntl
    except ImportError:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or str(folder) in _held:
                continue
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its owner lives
            continue
        finally:
            os.close(descriptor)
