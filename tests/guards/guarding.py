# SPDX-License-Identifier: Apache-2.0
"""The server of the release build with one worker, run by a program that watches it."""

import os
import platform
import shutil
import subprocess

from programs import TOP, Market, Server
from work import MANY, SYMBOLS

RELEASE = TOP / "build/release"

# Symbols in one request.
BATCH = 500

SETTINGS = ["server.workers=1", "cache.fresh_for=1d", "log.level=info"]


def why_not():
    """Why nothing can be guarded here; None where it can."""
    if platform.machine() != "x86_64":
        return f"what is recorded is of x86_64, not of {platform.machine()}"
    if shutil.which("valgrind") is None or shutil.which("vgdb") is None:
        return "no valgrind"
    return None


def build_release():
    """Compile the server as it is released; AssertionError with what the compiler said."""
    done = subprocess.run([TOP / "tools/build", "release"], cwd=TOP, stdin=subprocess.DEVNULL,
                          env={**os.environ, "JOBS": os.environ.get("JOBS", "2")},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def guarded_market():
    """A market whose prices stand still, and that has every symbol."""
    return Market("--step", "0", "--invent")


class GuardedServer(Server):
    """A server whose cache has all that is asked for; `under` is the program that runs
    it, in the same process, with its arguments."""

    def __init__(self, market, under):
        self._under = under
        super().__init__(market, *SETTINGS)
        with self.connect() as client:
            for at in range(0, len(MANY), BATCH):
                answer = client.ask("MGET", *SYMBOLS, *MANY[at : at + BATCH])
                assert None not in answer, f"there is a symbol without a price: {answer}"

    def _start(self, command, more_environment):
        command = [*map(str, self._under), RELEASE / "src/quoted", *command[1:]]
        return super()._start(command, more_environment)
