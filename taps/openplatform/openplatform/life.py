"""Whether a run is still there: it holds a lock on a file, and touches the file now and then.

The system lets go of the lock when the process is killed, so on its own machine a run is known to be
dead at once. A folder that several machines share may not carry locks from one to the other; there
the time of the last touch decides.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from pathlib import Path

from filelock import FileLock

_BEAT_SECONDS = 60.0
_SILENCE_SECONDS = 5 * _BEAT_SECONDS


class Life:
    """The sign of life of a run of this process.

    Args:
        path: The file; its folder is made.
        beat: Seconds between two touches.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, path: Path, *, beat: float = _BEAT_SECONDS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        # Let go of by the thread that ends the run, whichever that is.
        self._lock = FileLock(path, thread_local=False)
        self._lock.acquire(timeout=0)
        self._over = threading.Event()
        threading.Thread(target=self._go_on, args=(beat,), name="life", daemon=True).start()

    def _go_on(self, beat: float) -> None:
        while not self._over.wait(beat):
            try:
                os.utime(self._path)
            except OSError:  # the folder is gone or full; what depends on it will tell
                continue

    def release(self) -> None:
        """Let go of the lock and leave the file, as the system does when the process is killed."""
        self._over.set()
        self._lock.release()

    def end(self) -> None:
        """Take the sign away."""
        self._over.set()
        self._path.unlink(missing_ok=True)
        self._lock.release()


def lives(path: Path, host: str) -> bool:
    """Tell whether a run that has not ended is still there; tidy up after one that is not.

    Args:
        path: The file of its sign of life.
        host: The machine that it runs on.
    """
    try:
        with path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a FileLock would touch the file
            silent = time.time() - os.fstat(file.fileno()).st_mtime > _SILENCE_SECONDS
            if elsewhere(host) and not silent:
                return True
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def elsewhere(host: str) -> bool:
    """Tell whether a machine is another one than ours."""
    return host not in {"", socket.gethostname()}
