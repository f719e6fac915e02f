# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal: what it shows, and keys for it.

    with Terminal(folder, ["quote", "--watch", "IBM"]) as terminal:
        terminal.until(lambda lines: "IBM" in lines[2])
        terminal.keys("q")

The terminal is tmux's, which draws as a real one does and tells what it shows.
"""

import os
import shlex
import shutil
import subprocess

from programs import wait_until

TMUX = shutil.which("tmux")


class Terminal:
    """A program on a terminal of some columns and lines."""

    def __init__(self, folder, command, width=110, height=12, locale="C.UTF-8"):
        self.socket = str(folder / "tmux")
        self.status = folder / "status"
        # The shell outlives keys that end the program.
        line = f"trap : INT QUIT; {shlex.join(map(str, command))}; echo $? > {self.status}; read _"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", str(width),
                  "-y", str(height), f"LC_ALL={locale} sh -c {shlex.quote(line)}")

    def tmux(self, *words):
        done = subprocess.run([TMUX, "-S", self.socket, *words], capture_output=True, text=True,
                              check=True, env={**os.environ, "TERM": "xterm-256color",
                                               "LC_ALL": "C.UTF-8"})
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def screen(self, colors=False):
        more = ["-e"] if colors else []
        return self.tmux("capture-pane", "-p", "-t", "t", *more).split("\n")[:-1]

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "t", *keys)

    def until(self, holds, colors=False):
        """Wait until the screen is as wanted, and return it."""
        seen = []

        def looks_right():
            seen[:] = self.screen(colors)
            return holds(seen)

        wait_until(looks_right, lambda: "the screen is\n" + "\n".join(seen), look_s=0.05)
        return seen
