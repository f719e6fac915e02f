# SPDX-License-Identifier: Apache-2.0
"""deploy/compose as users start it: with no key on quoted-market, with a key on the
provider, with either balancer, with more servers and fewer.  And what every container
of it may do, and what stays when it is gone."""

import re

import pytest
from compose import FOLDER, Project, build_balancer, why_no_compose
from docker import LABEL, LOOK_S, ask, builders_turn, call
from programs import DEADLINE_S, wait_until
from wire import Ended

pytestmark = pytest.mark.skipif(why_no_compose() is not None, reason=why_no_compose() or "")

# Their first check comes 10 s after the start.
HEALTHY_S = 20 + DEADLINE_S


@pytest.fixture(name="project", scope="module")
def start_project(run):
    """As `docker compose up` starts it."""
    build_balancer(run, "nginx")
    with Project(run) as project:
        project.up()
        yield project


def wait_names(project, count):
    """Wait until connections are answered by so many servers, all that there are."""
    names = project.server_names
    assert len(names) == count
    met = set()

    def has_come():
        met.update(ask_who(project))
        return met == names

    wait_until(has_come, lambda: f"of {names}, {met} answered", 30 + DEADLINE_S, LOOK_S)


def ask_who(project):
    """The server that answers on a new connection; at the start there may be none, nor a
    price."""
    try:
        reply = project.ask("HGETALL", "IBM")
    except (ConnectionError, Ended):
        return
    if isinstance(reply, list):
        yield dict(zip(reply[::2], reply[1::2]))["server"]


# --- As it comes ----------------------------------------------------------------------

def test_three_servers_behind_nginx_answer_without_a_key(project):
    wait_names(project, 3)
    assert len(project.containers("market")) == len(project.containers("nginx")) == 1
    assert project.containers("haproxy") == []


@pytest.mark.parametrize("number", [1, 2])
def test_clients_show_what_they_get(project, number):
    client = project.only(f"client-{number}")
    client.wait_line(r"Stock Price for IBM: \$\d+\.\d+\n"
                     rf"  From server: [0-9a-f]{{12}}, From client: {number}\n"
                     r"  request answered in \d+\.\d{3} milliseconds\n", 30 + DEADLINE_S)


@pytest.mark.parametrize("service", ["server", "nginx", "client-1", "client-2"])
def test_all_that_can_be_checked_are_healthy(project, service):
    for container in project.containers(service):
        container.wait_health("healthy", HEALTHY_S)


def test_nobody_else_reaches_it_unless_told(project):
    ports = [binding for service in ("market", "server", "nginx", "client-1", "client-2")
             for container in project.containers(service)
             for bindings in container.facts["NetworkSettings"]["Ports"].values()
             for binding in bindings or ()]
    assert [binding["HostIp"] for binding in ports] == ["127.0.0.1"]


@pytest.mark.parametrize("service", ["market", "server", "nginx", "client-1", "client-2"])
def test_every_container_has_its_bounds(project, service):
    for container in project.containers(service):
        facts = container.facts
        host = facts["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert 0 < host["Memory"] <= 512 << 20
        assert 0 < host["NanoCpus"] <= 1_000_000_000
        assert 0 < host["PidsLimit"] <= 128
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["LogConfig"] == {"Type": "json-file",
                                     "Config": {"max-size": "10m", "max-file": "3"}}
        assert facts["Config"]["User"] not in ("", "root", "0", "0:0")


def test_what_ends_by_itself_is_started_again(run, project):
    client = project.only("client-1")
    before = client.state["StartedAt"]
    # As a fault would end it, by its own user beside it: after `docker kill` a container
    # stays as it is.
    call("run", "--rm", "--label", f"{LABEL}={run.id}", "--pid", f"container:{client.name}",
         "--user", client.facts["Config"]["User"], "--network", "none", "--entrypoint", "bash",
         f"{run.image}-nginx", "-c", "kill -KILL -1")
    wait_until(lambda: client.state["StartedAt"] != before and client.state["Running"],
               client.describe, look_s=LOOK_S)


def test_balancer_follows_the_number_of_servers(project):
    for count in (5, 2, 3):
        project.up("--scale", f"server={count}")
        wait_names(project, count)


def test_all_of_it_goes(run):
    build_balancer(run, "nginx")
    with Project(run) as project:
        project.up()
        mark = f"label=com.docker.compose.project={project.name}"
        assert ask("ps", "-aq", "--filter", mark)
        project.call("down")
        assert ask("ps", "-aq", "--filter", mark) == ""
        assert ask("network", "ls", "-q", "--filter", mark) == ""
        assert ask("volume", "ls", "-q", "--filter", mark) == ""


# --- Otherwise ------------------------------------------------------------------------

def test_haproxy_by_its_profile(run):
    build_balancer(run, "haproxy")
    with Project(run, flags=("--profile", "haproxy"), BALANCE="random") as project:
        project.up()
        wait_names(project, 3)
        assert project.containers("nginx") == []
        project.only("haproxy").wait_health("healthy", HEALTHY_S)
        project.only("client-1").wait_line(r"Stock Price for IBM: \$\d", 30 + DEADLINE_S)
        project.up("--scale", "server=4")
        wait_names(project, 4)


def test_key_comes_from_a_file_and_shows_nowhere(run, tmp_path):
    """With a quoted-market in the provider's place, to which one key only is good."""
    build_balancer(run, "nginx")
    key = "key4e1f0c7d"
    (tmp_path / "key").write_text(f"{key}\n")
    override = tmp_path / "override.yaml"
    override.write_text(f"""
services:
  server:
    environment:
      QUOTED_PROVIDERS_0_URL: http://market:7401
  market:
    command: [--listen, "*:7401", --key, {key}]
""")
    with Project(run, FOLDER / "compose.key.yaml", override, KEY_FILE=str(tmp_path / "key"),
                 COMPOSE_PROFILES="nginx,market") as project:
        project.up()
        wait_names(project, 3)
        with project.connect() as client:
            reply = client.ask("HGETALL", "IBM")
        quote = dict(zip(reply[::2], reply[1::2]))
        assert quote["source"] == "alphavantage" and re.fullmatch(r"\d+\.\d+", quote["price"])
        for service in ("server", "nginx", "client-1", "client-2"):
            for container in project.containers(service):
                assert key not in container.logs
                assert key not in ask("inspect", container.name)


def test_key_leaves_the_market_out(run, tmp_path):
    build_balancer(run, "nginx")
    (tmp_path / "key").write_text("key4e1f0c7d\n")
    with Project(run, FOLDER / "compose.key.yaml", KEY_FILE=str(tmp_path / "key")) as project:
        project.call("up", "--no-start", "--no-build")
        services = ask("ps", "-a", "--filter", f"label=com.docker.compose.project={project.name}",
                       "--format", '{{.Label "com.docker.compose.service"}}').splitlines()
        assert sorted(services) == ["client-1", "client-2", "nginx", "server", "server", "server"]


def test_images_are_built_of_the_sources(run):
    """What `up` does where they are not there."""
    image = f"{run.image}-built"
    with builders_turn(), Project(run, IMAGE=image) as project:
        project.call("build", "server", "nginx", "haproxy", deadline_s=1200)
    for name in (image, f"{image}-nginx", f"{image}-haproxy"):
        assert ask("image", "ls", "--quiet", name)
