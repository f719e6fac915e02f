# SPDX-License-Identifier: Apache-2.0
"""A Docker engine of a test's own.

    with Engine("quoted", "quoted-nginx"):      # it has these images
        call("swarm", "init", ...)              # is asked as long as this goes on

For what changes a whole engine: when one leaves a swarm, for instance, the containers
that it had before find each other by name no more.  This one shares nothing with the
engine of the machine but the kernel.  It has a network of its own, in which its ports
are published and from which nothing leads outside, and its own processes and mounts: so
the kernel ends all of it with its first process, however that ends, and that ends with
this program.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from docker import BUILD_S, DOCKER, LOOK_S, call, is_left, make_id
from programs import DEADLINE_S, wait_until

# Where the folders of all engines are; short, since a socket's name has 107 bytes.
PLACE = Path(tempfile.gettempdir())
PREFIX = "engine-"

# It takes a few seconds to start and to end.
START_S = 120 + DEADLINE_S
END_S = 60 + DEADLINE_S

NEEDED = ("dockerd", "unshare", "setpriv", "ip")
APART = ("--net", "--mount", "--pid", "--fork", "--mount-proc")


def why_no_engine():
    """Why tests with an engine of their own must be skipped; None where they need not be."""
    if os.geteuid() != 0:
        return "only root can start a Docker engine"
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        return f"no {missing[0]}"
    done = subprocess.run(["unshare", *APART, "true"], capture_output=True, text=True, check=False)
    return f"no name spaces here: {done.stderr.strip()}" if done.returncode != 0 else None


class Engine:
    """It runs, and is the one that `docker` asks."""

    def __init__(self, *images):
        remove_left()
        self._images = images
        self._folder = PLACE / f"{PREFIX}{make_id()}"
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _start(self):
        socket = f"unix://{self._folder}/socket"
        self._folder.mkdir(mode=0o700)
        self._stack.callback(remove_rest, self._folder)
        command = ["dockerd", "--host", socket, "--data-root", self._folder / "data",
                   "--exec-opt", "native.cgroupdriver=cgroupfs",
                   "--cgroup-parent", f"/{self._folder.name}"]
        # unshare gives it its name spaces, and ends them with it; setpriv has the kernel
        # end that with this program.
        apart = ["setpriv", "--pdeathsig", "KILL", "unshare", *APART, "--kill-child=KILL",
                 "sh", "-c", 'ip link set lo up && mount -t tmpfs none /run && exec "$@"', "sh"]
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen([*apart, *command], stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log)
        self._stack.callback(end, self._process, END_S)
        before = os.environ.get("DOCKER_HOST")
        self._stack.callback(set_host, before)
        images = subprocess.Popen([DOCKER, "save", *self._images], stdout=subprocess.PIPE)
        self._stack.callback(end, images)
        set_host(socket)
        wait_until(self._answers, self.tail, START_S, LOOK_S)
        call("load", "--quiet", stdin=images.stdout, deadline_s=BUILD_S)

    def _answers(self):
        assert self._process.poll() is None, self.tail()
        return call("info", check=False).returncode == 0

    def tail(self, count=20):
        """The last lines that it said, for the text of a failure."""
        lines = (self._folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(f"    {line[:300]}" for line in lines[-count:])


def set_host(host):
    """Say which engine `docker` asks; None is the one of the machine."""
    if host is None:
        os.environ.pop("DOCKER_HOST", None)
    else:
        os.environ["DOCKER_HOST"] = host


def end(process, seconds=0):
    """End a process: with time for what it has started, or without."""
    if seconds and process.poll() is None:
        # unshare passes no signal on; its only child is the one that it stands for.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            subprocess.run(["kill", child], check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    process.kill()
    process.wait()


def remove_groups(top):
    """Remove a control group and those below it, which are empty by now."""
    with contextlib.suppress(OSError):
        for path in top.iterdir():
            if path.is_dir():
                remove_groups(path)
        top.rmdir()


def remove_rest(folder):
    """Remove the folder of an engine that has ended, and its control groups, of either
    version.  What it had mounted went with its name space."""
    for top in ("/sys/fs/cgroup", *Path("/sys/fs/cgroup").glob("*/")):
        remove_groups(Path(top) / folder.name)
    shutil.rmtree(folder, ignore_errors=True)


def remove_left():
    """Remove what engines have left whose tests were killed."""
    for folder in PLACE.glob(f"{PREFIX}qt-*"):
        if is_left(re.sub(f"^{PREFIX}", "", folder.name)):
            remove_rest(folder)
