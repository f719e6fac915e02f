# SPDX-License-Identifier: Apache-2.0
"""tools/fleet, as `make fleet` runs it: it tells its story to the end, says what is
missing, and leaves nothing behind, however it ends."""

import os
import re
import signal
import subprocess

import pytest
from compose import why_no_compose
from docker import BUILD_S, LOOK_S, ask
from programs import DEADLINE_S, TOP, wait_until

FLEET = TOP / "tools/fleet"

pytestmark = pytest.mark.skipif(why_no_compose() is not None, reason=why_no_compose() or "")


def start(**more_environment):
    """It, in a session of its own."""
    return subprocess.Popen([FLEET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True, env={**os.environ, **more_environment})


def list_made(process):
    """The containers and networks that a run of that process has made."""
    mark = f"-{process.pid}-"
    rows = ask("ps", "-a", "--format", "{{.Names}}") + "\n" + \
        ask("network", "ls", "--format", "{{.Name}}")
    return [row for row in rows.splitlines() if row.startswith("qt-") and mark in row]


def test_fleet_tells_its_story_and_loses_no_request():
    with start() as process:
        output, _ = process.communicate(timeout=BUILD_S)
    assert process.returncode == 0, output
    lost = re.search(r"kill -9: server (\d) is gone", output).group(1)
    assert f"server {lost} serves client 2 again" in output
    for client in "12":
        row = re.search(rf"(?m)^  client {client} (.*)$", output).group(1).split()
        requests, failed, *by = map(int, row[:5])
        assert failed == 0 and 0 < requests == sum(by)
    assert re.search(r"\d+ requests, 0 failed\.", output)
    assert list_made(process) == []


def test_fleet_that_is_interrupted_leaves_nothing():
    with start() as process:
        try:
            wait_until(lambda: [name for name in list_made(process) if "server" in name],
                       "no container is there", BUILD_S, LOOK_S)
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            output, _ = process.communicate(timeout=BUILD_S)
    assert process.returncode == 128 + signal.SIGINT, output
    wait_until(lambda: list_made(process) == [], lambda: str(list_made(process)), DEADLINE_S)


@pytest.mark.parametrize("more, reason", [
    ({"DOCKER": "/nonexistent/docker"}, "fleet: no docker command;"),
    ({"DOCKER_HOST": "unix:///nonexistent"}, "fleet: no Docker engine"),
    ({"DOCKER_COMPOSE": "/nonexistent/compose"}, "fleet: no /nonexistent/compose;"),
])
def test_fleet_says_what_is_missing(more, reason):
    with start(**more) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.startswith(reason) and "tools/setup docker" in output and output.count("\n") == 1
