# SPDX-License-Identifier: Apache-2.0
"""deploy/swarm as a stack on a swarm of one node: servers are replaced one by one, a
version that does not work is taken back, one that fails is started again, and no
request fails meanwhile; a key comes as a secret."""

import json
import os
import re
import secrets

import pytest
from compose import build_balancer
from docker import LOOK_S, Run, ask, call
from engine import Engine, why_no_engine
from load import BACK_S, Loads
from programs import DEADLINE_S, TOP, wait_until

pytestmark = pytest.mark.skipif(why_no_engine() is not None, reason=why_no_engine() or "")

FOLDER = TOP / "deploy/swarm"

# A task is started, checked and found within some seconds; an update watches each new
# one for 10.
READY_S = 60 + DEADLINE_S
UPDATE_S = 240 + DEADLINE_S


@pytest.fixture(name="own", scope="module")
def make_swarm(run):
    """A run on an engine of its own, which is a swarm of one node."""
    with Engine(run.image, build_balancer(run, "nginx")), Run(run.image) as own:
        call("swarm", "init", "--advertise-addr", "127.0.0.1")
        yield own


class Stack:
    """deploy/swarm, with a market in the provider's place."""

    def __init__(self, run, folder):
        self.name = "quoted"
        self.network = f"{self.name}_default"
        self._run = run
        self._override = folder / "override.yaml"

    def deploy(self, *files, key=None):
        """Start it, or bring it to this, with a market whose prices stand still; to that
        only one key is good, where one is given."""
        words = ["--listen", "*:7401", "--step", "0", *(("--key", key) if key else ())]
        self._override.write_text(json.dumps({"version": "3.8", "services": {
            "market": {"command": words, "deploy": {"replicas": 1}},
            "server": {"environment": {"QUOTED_PROVIDERS_0_URL": "http://market:7401"}}}}))
        files = [part for file in ("stack.yaml", *files, self._override)
                 for part in ("--compose-file", FOLDER / file)]
        call("stack", "deploy", "--resolve-image", "never", *files, self.name,
             env={**os.environ, "IMAGE": self._run.image})

    def names(self):
        """What the servers that are to run call themselves."""
        rows = ask("service", "ps", f"{self.name}_server", "--no-trunc", "--filter",
                   "desired-state=running", "--format", "{{.Name}} {{.ID}}").splitlines()
        return {f"{row.split()[0].rsplit('.', 1)[1]}.{row.split()[1]}" for row in rows}

    def update(self, *words):
        """Change the servers; what came of it, in the engine's word."""
        before = self._update_status()
        call("service", "update", "--detach", "--quiet", *words, f"{self.name}_server")

        def is_over():
            status = self._update_status()
            return status != before and status[0] not in ("updating", "rollback_started") \
                and status[0]

        return wait_until(is_over, lambda: str(self._update_status()), UPDATE_S, LOOK_S)

    def _update_status(self):
        form = "{{with .UpdateStatus}}{{.State}} {{.StartedAt}}{{end}}"
        return (ask("service", "inspect", f"{self.name}_server", "--format", form).split(" ", 1)
                + ["", ""])[:2]

    def quote(self):
        """IBM, by the port that the node publishes; {} as long as there is no answer."""
        done = self._run.ask_quote("host", "-s", "127.0.0.1:7400", "--json", "IBM")
        quotes = json.loads(done.stdout) if done.returncode == 0 else [{}]
        return quotes[0]

    def wait_ready(self):
        """Wait until the servers that are to run all answer by the port; their names."""
        met = set()

        def has_come():
            met.add(self.quote().get("server"))
            return len(self.names()) == 3 and self.names() <= met

        wait_until(has_come, lambda: f"{met} answered of {self.names()}", READY_S + BACK_S, LOOK_S)
        return self.names()


@pytest.fixture(name="stack", scope="module")
def deploy_stack(own, tmp_path_factory):
    stack = Stack(own, tmp_path_factory.mktemp("stack"))
    stack.deploy()
    stack.wait_ready()
    return stack


@pytest.fixture(name="loads")
def start_loads(own, stack):
    """Clients beside it, some of nginx, some of the servers themselves."""
    names = stack.wait_ready()
    price = wait_until(lambda: stack.quote().get("price"), "a price", READY_S, LOOK_S)
    with Loads(own, stack.network, price, "nginx:7400", "server:7400") as loads:
        loads.wait_servers(names)
        yield loads


# --- What it promises -----------------------------------------------------------------

def test_update_replaces_every_server(stack, loads):
    before = stack.names()
    assert stack.update("--force") == "completed"
    after = stack.wait_ready()
    assert not before & after
    loads.wait_servers(after)
    loads.wait_more()
    loads.check(before | after)


def test_version_that_does_not_work_is_taken_back(stack, loads):
    before = stack.names()
    assert stack.update("--env-add", "QUOTED_SERVER_LISTEN=nowhere") == "rollback_completed"
    assert len(stack.wait_ready() & before) >= 2  # the one that was to be replaced may be
    loads.wait_more()
    loads.check(before | stack.names())


def test_server_that_fails_is_started_again(stack, loads):
    before = stack.names()
    victim = loads.all[0].server
    call("kill", f"{stack.name}_server.{victim}")
    loads.wait_more()
    wait_until(lambda: victim not in stack.names() and len(stack.names()) == 3,
               lambda: str(stack.names()), READY_S, LOOK_S)
    after = stack.wait_ready()
    loads.wait_servers(after)
    loads.check(before | after)


def test_balancer_that_is_started_again(stack, loads):
    names = stack.names()
    call("service", "update", "--quiet", "--force", f"{stack.name}_nginx", deadline_s=UPDATE_S)
    loads.wait_servers(names)
    loads.wait_more()
    loads.check(names)


def test_key_comes_as_a_secret_and_shows_nowhere(stack):
    """With the market in the provider's place."""
    key = f"key{secrets.token_hex(8)}"
    call("secret", "create", "alphavantage_key", "-", input=key)
    stack.deploy("stack.key.yaml", key=key)
    wait_until(lambda: stack.quote().get("source") == "alphavantage",
               lambda: str(stack.quote()), UPDATE_S, LOOK_S)
    assert re.fullmatch(r"\d+\.\d+", stack.quote()["price"])
    said = call("service", "logs", f"{stack.name}_server")
    assert key not in said.stdout + said.stderr
    assert key not in ask("service", "inspect", f"{stack.name}_server")
