# SPDX-License-Identifier: Apache-2.0
"""Projects of compose for tests, by the files of deploy/compose.

    with Project(run) as project:
        project.up()
        assert project.ask("PING") == "PONG"      # by the port that it publishes

Each has the image of the run, a name of its own and a free port, so any number may be
up at once.  Names that Docker does not know are asked of nobody.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from docker import CALL_S, LABEL, Container, ask, builders_turn, call
from programs import TOP
from wire import Connection

FOLDER = TOP / "deploy/compose"
SERVICES = ("market", "server", "nginx", "haproxy", "client-1", "client-2")

# Debian's own, which is Compose 1.29; else the second version, which is part of docker.
COMPOSE = os.environ.get("DOCKER_COMPOSE", "").split() or \
    (["/usr/bin/docker-compose"] if Path("/usr/bin/docker-compose").exists() else
     ["docker", "compose"])

# Docker asks another name server for what it does not know.
NOBODY = "".join(f"  {service}:\n    dns: 127.0.0.1\n" for service in SERVICES)


def why_no_compose():
    """Why tests of compose must be skipped; None where they need not be."""
    if not shutil.which(COMPOSE[0]):
        return f"no {COMPOSE[0]}"
    done = subprocess.run([*COMPOSE, "version"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"no {' '.join(COMPOSE)}"


def build_balancer(run, kind):
    """The image of "nginx" or "haproxy", which goes with the run."""
    tag = f"{run.image}-{kind}"
    with builders_turn():
        # On the network of this machine, as compose.yaml has it.
        call("build", "--quiet", "--network", "host", "--label", f"{LABEL}=image", "--tag", tag,
             TOP / f"deploy/{kind}", deadline_s=600)
    return tag


class Project:
    """One project, and its end."""

    def __init__(self, run, *files, flags=(), **more_environment):
        self.name = run.make_name("compose")
        self._folder = tempfile.TemporaryDirectory(prefix="compose-")
        override = Path(self._folder.name) / "override.yaml"
        override.write_text(f"services:\n{NOBODY}")
        self._flags = [part for file in (FOLDER / "compose.yaml", *files, override)
                       for part in ("-f", str(file))] + list(flags)
        self._environment = {
            name: value for name, value in os.environ.items()
            if not re.match("COMPOSE_|QUOTED_|QUOTE_|(IMAGE|PUBLISH|BALANCE|KEY_FILE)$", name)}
        self._environment.update({"IMAGE": run.image, "PUBLISH": "127.0.0.1:", **more_environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("down", "--volumes", "--timeout", "1", check=False)
        self._folder.cleanup()

    def call(self, *words, check=True, deadline_s=CALL_S):
        """Run compose to its end; what it printed."""
        done = subprocess.run(
            [*COMPOSE, "-p", self.name, *self._flags, *map(str, words)], capture_output=True,
            text=True, errors="replace", timeout=deadline_s, check=False, env=self._environment)
        assert not check or done.returncode == 0, \
            f"compose {' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def up(self, *words):
        """Start it, of images that are there."""
        self.call("up", "--detach", "--no-build", *words)

    def containers(self, service):
        """Those of a service that run."""
        names = ask("ps", "--filter", f"label=com.docker.compose.project={self.name}",
                    "--filter", f"label=com.docker.compose.service={service}",
                    "--format", "{{.Names}}").splitlines()
        return [Container(name) for name in sorted(names)]

    def only(self, service):
        """That of a service which has one."""
        container, = self.containers(service)
        return container

    @property
    def server_names(self):
        """What its servers call themselves."""
        return {server.facts["Config"]["Hostname"] for server in self.containers("server")}

    def connect(self):
        """A connection by the port that it publishes."""
        balancer, = self.containers("nginx") + self.containers("haproxy")
        host, port = ask("port", balancer.name, "7400/tcp").splitlines()[0].rsplit(":", 1)
        return Connection((host, int(port)))

    def ask(self, *words):
        """The reply to a request of a connection of its own."""
        with self.connect() as client:
            return client.ask(*words)
