# SPDX-License-Identifier: Apache-2.0
"""Containers for tests: an image of these sources, networks, and a sure end.

    with Run() as run:
        network = run.make_network()
        server = run.start("--network", network, "--network-alias", "server")
        with server.connect(network) as client:
            assert client.ask("PING") == "PONG"

All that a run makes bears its name, and goes with it; what a run left that was
killed goes when the next one begins.  So any number of runs may share an engine.
No run starts one: where none answers, why_no_docker() says so.
"""

import contextlib
import fcntl
import itertools
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from programs import DEADLINE_S, TOP, wait_until
from wire import Connection

# Debian's own where it is, as the scripts of deploy/docker/ choose.
DOCKER = os.environ.get("DOCKER") or \
    ("/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker")

PORT = 7400
MARKET_PORT = 7401

# What the engine is waited for at most: starting takes it a second, or ten on a
# busy machine.
CALL_S = 60 + DEADLINE_S
BUILD_S = 1200

# No run takes that long.
RUN_S_LIMIT = 6 * 3600

# How often the engine is asked again: each time costs the start of a program.
LOOK_S = 0.1

# The label of all that a run makes, and where compose writes its project.
LABEL = "quoted.test"
COMPOSE_LABEL = "com.docker.compose.project"
REPOSITORY = "quoted-test"

# The image must run so; every test does.
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


def call(*words, deadline_s=CALL_S, check=True, **more):
    """Run the docker command to its end; AssertionError where it fails, unless `check`
    is off."""
    done = subprocess.run([DOCKER, *map(str, words)], capture_output=True, text=True,
                          errors="replace", timeout=deadline_s, check=False, **more)
    assert not check or done.returncode == 0, \
        f"docker {' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def ask(*words):
    """What it printed."""
    return call(*words).stdout.strip()


def inspect(name):
    """All that the engine knows of a container, network or image."""
    return json.loads(ask("inspect", name))[0]


def why_no_docker():
    """Why tests of containers must be skipped; None where they need not be."""
    if not shutil.which(DOCKER):
        return "no docker command"
    try:
        is_there = call("version", check=False, deadline_s=20).returncode == 0
    except subprocess.TimeoutExpired:
        is_there = False
    return None if is_there else "no Docker engine answers"


# --- Whose is it --------------------------------------------------------------------

def read_start(pid):
    """When a process began, in clock ticks; None where there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def make_id():
    """A name that tells which process made it, and when: the number of a process is given
    again, and means nothing to whoever shares the engine from another name space."""
    space = os.stat("/proc/self/ns/pid").st_ino
    return f"qt-{int(time.time())}-{space}-{os.getpid()}-{read_start(os.getpid())}" \
        f"-{secrets.token_hex(2)}"


def is_left(run_id):
    """Whether nobody will end that run any more."""
    match = re.match(r"qt-(\d+)-(\d+)-(\d+)-(\d+)-", run_id)
    if not match:
        return False
    if int(match[1]) + RUN_S_LIMIT < time.time():
        return True
    is_near = int(match[2]) == os.stat("/proc/self/ns/pid").st_ino
    return is_near and read_start(match[3]) != match[4]


def list_made(is_wanted):
    """What runs have made that is_wanted(run's name): pairs of the command that removes
    such things and their name, in an order in which that can be done."""
    kinds = ((("ps", "--all", "--no-trunc"), ("rm", "--force", "--volumes"), "{{.ID}}"),
             (("network", "ls", "--no-trunc"), ("network", "rm"), "{{.ID}}"),
             (("volume", "ls"), ("volume", "rm", "--force"), "{{.Name}}"))
    for words, remove, name in kinds:
        for label in (LABEL, COMPOSE_LABEL):
            rows = ask(*words, "--filter", f"label={label}", "--format",
                       f'{name} {{{{.Label "{label}"}}}}').splitlines()
            yield from ((remove, row.split()[0]) for row in rows if is_wanted(row.split()[-1]))
    for tag in ask("image", "ls", REPOSITORY, "--format", "{{.Tag}}").splitlines():
        if is_wanted(tag):
            yield ("image", "rm", "--no-prune"), f"{REPOSITORY}:{tag}"


def remove_made(is_wanted):
    """Remove it all; what somebody else has removed already is gone, which is enough."""
    for remove, name in list_made(is_wanted):
        call(*remove, name, check=False)


# --- The image ----------------------------------------------------------------------

@contextlib.contextmanager
def builders_turn():
    """One run builds at a time: two would do the same work, and one might clear away
    what the other is about to build on."""
    with open(Path(tempfile.gettempdir()) / f"quoted-image-{os.getuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_image(tag, *options):
    """Build it of these sources, as `make image` does; what did not change since the last
    time is not built again."""
    done = subprocess.run(
        [TOP / "deploy/docker/build", "--label", f"{LABEL}=image", "--tag", tag, *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env={**os.environ, "DOCKER": DOCKER}, timeout=BUILD_S, check=False)
    assert done.returncode == 0, f"the image can't be built:\n{done.stdout[-8000:]}"


def build_for(run_id):
    """The image of a run, by a name that nobody else changes."""
    tag = f"{REPOSITORY}:{run_id}"
    with builders_turn():
        # This name keeps the installed packages, which are the greater part of the work.
        build_image(f"{REPOSITORY}:packages", "--target", "packages")
        build_image(tag)
        call("tag", tag, f"{REPOSITORY}:latest")
        for label in ("quoted.stage", f"{LABEL}=image"):
            # A younger one may be what another user of the engine builds on.
            call("image", "prune", "--force", "--filter", f"label={label}",
                 "--filter", "until=1h")
    return tag


# --- Runs and their containers ------------------------------------------------------

class Run:
    """One run of the tests, and all that it makes."""

    def __init__(self, image=None):
        """`image` names one that the engine has already, to be taken as it is."""
        remove_made(is_left)
        self.id = make_id()
        self._image = image
        self._why_no_image = None
        self._numbers = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        remove_made(lambda run_id: run_id.startswith(self.id))

    @property
    def image(self):
        """The name of the image, which is built when it is first wanted.  What can't be
        built is not tried again."""
        assert self._why_no_image is None, self._why_no_image
        if self._image is None:
            try:
                self._image = build_for(self.id)
            except AssertionError as error:
                self._why_no_image = str(error)
                raise
        return self._image

    def make_name(self, what):
        """A name that nothing else has; also for a project of compose."""
        return f"{self.id}-{what}{next(self._numbers)}"

    def make_network(self, *options):
        """A network on which containers find each other by their names, and nothing
        outside."""
        name = self.make_name("net")
        call("network", "create", "--internal", "--label", f"{LABEL}={self.id}", *options, name)
        return name

    def remove_network(self, name):
        """Remove it, and all containers on it, whether they run or not."""
        found = ask("ps", "--all", "--quiet", "--filter", f"network={name}").split()
        if found:
            call("rm", "--force", "--volumes", *found)
        call("network", "rm", name)

    def start(self, *options, arguments=(), image=None, program=None):
        """Start a container: a server, or another program of the image.  The options are
        those of `docker run`."""
        name = self.make_name(program or "server")
        if program:
            options = ("--entrypoint", program, *options)
        call("run", "--detach", "--name", name, "--label", f"{LABEL}={self.id}", *HARDENED,
             *options, image or self.image, *arguments)
        return Container(name)

    def start_market(self, network, *arguments, alias="market"):
        """A quoted-market whose prices stand still, as http://market:7401."""
        market = self.start(
            "--network", network, "--network-alias", alias, "--no-healthcheck",
            program="quoted-market",
            arguments=("--listen", f"0.0.0.0:{MARKET_PORT}", "--step", "0", *arguments))
        market.wait_line(r"http://")
        return market

    def start_server(self, network, *options, alias="server", market="market"):
        """A server that asks that market, when it is ready."""
        server = self.start(
            "--network", network, "--network-alias", alias,
            "--env", f"QUOTED_SERVER_ID={alias}",
            "--env", "QUOTED_PROVIDERS_0_NAME=market",
            "--env", f"QUOTED_PROVIDERS_0_URL=http://{market}:{MARKET_PORT}",
            "--env", "QUOTED_PROVIDERS_0_TIMEOUT=1m", *options)
        server.wait_line("msg=ready")
        return server

    def ask_quote(self, network, *arguments):
        """What `quote` says in a container of its own, when it has ended."""
        return call("run", "--rm", "--name", self.make_name("quote"),
                    "--label", f"{LABEL}={self.id}", *HARDENED, "--network", network,
                    "--no-healthcheck", "--entrypoint", "quote", self.image, *arguments,
                    check=False)


class Container:
    """A container that was started."""

    def __init__(self, name):
        self.name = name

    @property
    def facts(self):
        """All that the engine knows of it."""
        return inspect(self.name)

    @property
    def state(self):
        """Whether it runs, and how it ended."""
        return self.facts["State"]

    def address(self, network, port=PORT):
        """Where it is, for a client on this machine."""
        return self.facts["NetworkSettings"]["Networks"][network]["IPAddress"], port

    def connect(self, network, **options):
        """A connection to the server in it."""
        return Connection(self.address(network), **options)

    @property
    def logs(self):
        """What it has said, on both outputs."""
        done = call("logs", self.name)
        return done.stdout + done.stderr

    def wait_line(self, pattern, deadline_s=CALL_S):
        """The first match of a regular expression in what it says, once it has."""
        return wait_until(lambda: re.search(pattern, self.logs), self.describe, deadline_s,
                          LOOK_S)

    def wait_health(self, health, deadline_s=CALL_S):
        """Wait until the engine calls it "healthy" or "unhealthy"."""
        wait_until(lambda: self.state["Health"]["Status"] == health, self.describe, deadline_s,
                   LOOK_S)

    def describe(self):
        """Its state and its last words, for the text of a failure."""
        return f"{self.name}: {json.dumps(self.state)}\n{self.logs[-4000:]}"

    def execute(self, *words):
        """Run a program in it, to its end."""
        return call("exec", self.name, *words, check=False)

    def signal(self, name):
        """Send its first process a signal: "KILL", "HUP"..."""
        call("kill", "--signal", name, self.name)

    def kill(self):
        """End it without a word."""
        self.signal("KILL")
        self.wait_exit()

    def stop(self, seconds=20):
        """End it as an operator would, who kills it after some seconds; its exit status."""
        call("stop", "--time", seconds, self.name)
        return self.wait_exit()

    def wait_exit(self, deadline_s=CALL_S):
        """The exit status, once it has ended."""
        return int(call("wait", self.name, deadline_s=deadline_s).stdout)

    def start(self):
        """Start it again, as it was; its address may be another."""
        call("start", self.name)

    def remove(self):
        """Remove it, whether it runs or not."""
        call("rm", "--force", "--volumes", self.name)
