# SPDX-License-Identifier: Apache-2.0
"""The image holds what it should and nothing else, runs with no right that it can do
without, and is found, asked, checked and ended as containers are."""

import http.server
import io
import json
import re
import signal
import ssl
import subprocess
import tarfile
import threading

import pytest
from docker import DOCKER, HARDENED, LABEL, PORT, ask, call, inspect
from programs import TOP
from wire import Connection, Ended

SIZE_LIMIT = 40_000_000
USER = 10001

# What the engine puts into every container itself.
OF_ENGINE = re.compile(r"\.dockerenv|(dev|proc|sys)/.*|etc/(hostname|hosts|mtab|resolv\.conf)")

# All that may be in the image: the only programs, libraries and their loader, what
# libraries read, and whose files these are.
ALLOWED = [re.compile(pattern) for pattern in (
    r"usr/bin/(quoted|quote|quoted-market)",
    r"usr/lib/libquoted\.so\.[0-9.]+",
    r"usr/lib/[a-z0-9_]+-linux-gnu[a-z]*/(lib[a-zA-Z0-9_+.-]+\.so\.[0-9.]+|ld-linux[^/]*\.so\.\d)",
    r"usr/lib(64)?/ld-linux[^/]*\.so\.\d",
    r"lib(64)?",
    r"etc/(passwd|group|nsswitch\.conf|os-release|ssl/certs/ca-certificates\.crt)",
    r"usr/share/doc/[^/]+/(copyright|LICENSE)",
    r"usr/share/(terminfo|zoneinfo)/.+",
    r"var/lib/dpkg/status\.d/[^/]+",
)]

# As Kubernetes puts them beside a service that is called "quoted".
OF_KUBERNETES = {
    "QUOTED_SERVICE_HOST": "10.96.0.17", "QUOTED_SERVICE_PORT": "7400",
    "QUOTED_SERVICE_PORT_QUOTED": "7400", "QUOTED_PORT": "tcp://10.96.0.17:7400",
    "QUOTED_PORT_7400_TCP": "tcp://10.96.0.17:7400", "QUOTED_PORT_7400_TCP_PROTO": "tcp",
    "QUOTED_PORT_7400_TCP_PORT": "7400", "QUOTED_PORT_7400_TCP_ADDR": "10.96.0.17",
}


# --- What is in it ------------------------------------------------------------------

def export(run, image):
    """What is in an image: tarfile's members, without folders, by their name."""
    name = run.make_name("export")
    call("create", "--name", name, "--label", f"{LABEL}={run.id}", image, "none")
    tar = subprocess.run([DOCKER, "export", name], capture_output=True, check=True).stdout
    call("rm", name)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: member for member in archive.getmembers()
                if not member.isdir() and not OF_ENGINE.fullmatch(member.name)}


@pytest.fixture(name="files", scope="module")
def files_of_image(run):
    return export(run, run.image)


def test_it_holds_the_programs_and_what_they_need_and_nothing_else(files):
    assert not [name for name in files
                if not any(pattern.fullmatch(name) for pattern in ALLOWED)]


def test_nothing_in_it_can_be_run_but_the_programs(files):
    programs = {name for name, member in files.items() if member.isfile()
                and member.mode & 0o111 and ".so" not in name}
    assert programs == {"usr/bin/quoted", "usr/bin/quote", "usr/bin/quoted-market"}


def test_nobody_but_root_can_change_a_file_in_it(files):
    for name, member in files.items():
        assert (member.uid, member.gid) == (0, 0), name
        assert member.issym() or not member.mode & 0o7022, f"{name}: {member.mode:o}"


def test_every_library_comes_with_its_licence_and_its_version(files):
    packages = [name.rsplit("/", 1)[1] for name in files if "dpkg/status.d/" in name]
    assert {"libc6", "libcurl4", "libssl3", "libuv1"} <= set(packages)
    for package in packages:
        assert f"usr/share/doc/{package}/copyright" in files


def test_it_is_small(run):
    assert inspect(run.image)["Size"] < SIZE_LIMIT


def test_it_says_what_it_is_and_what_it_was_made_of(run):
    version = re.search(r"version: '(.*?)'", (TOP / "meson.build").read_text()).group(1)
    labels = {name.removeprefix("org.opencontainers.image."): text
              for name, text in inspect(run.image)["Config"]["Labels"].items()}
    assert labels["title"] == "quoted"
    assert labels["description"]
    assert labels["version"] == version
    assert labels["licenses"] == "Apache-2.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert labels["revision"]
    assert "source" in labels
    assert labels["base.name"] == "debian:bookworm-slim"


def test_it_says_how_it_is_run(run):
    config = inspect(run.image)["Config"]
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["/usr/bin/quoted"]
    assert list(config["ExposedPorts"]) == [f"{PORT}/tcp"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/quoted", "--probe", "livez"]


def test_only_what_is_built_from_is_sent_to_the_engine(run, tmp_path):
    """Whatever lies about: build folders, notes, keys."""
    listing = tmp_path / "Dockerfile"
    listing.write_text("FROM scratch\nCOPY . /\n")
    tag = f"{run.image}-context"
    call("build", "--file", listing, "--tag", tag, TOP)
    names = list(export(run, tag))
    assert {name.split("/")[0] for name in names} == {
        "LICENSE", "client", "data", "deploy", "docs", "include", "market", "meson.build",
        "meson_options.txt", "src", "tools"}
    assert not [name for name in names if name.startswith("build") or "__pycache__" in name]


# --- How it runs --------------------------------------------------------------------

@pytest.mark.parametrize("program", ["quoted", "quote", "quoted-market"])
def test_each_program_starts(run, program):
    done = call("run", "--rm", "--network", "none", *HARDENED, "--entrypoint", program,
                run.image, "--version")
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", done.stdout)


def test_a_price_comes_from_a_market_that_is_found_by_its_name(run, network, market, server):
    del market, server
    done = run.ask_quote(network, "--server", "server:7400", "--timeout", "20s", "--json",
                         "IBM")
    assert done.returncode == 0, done.stderr
    assert [row["symbol"] for row in json.loads(done.stdout)] == ["IBM"]


def test_a_server_has_no_right_and_writes_nothing(server):
    """Asked the kernel, about a container that runs as every test runs it."""
    status = dict(line.split(":\t", 1) for line in open(
        f"/proc/{server.state['Pid']}/status", encoding="utf-8").read().splitlines())
    assert status["Uid"].split() == [str(USER)] * 4
    assert status["Gid"].split() == [str(USER)] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert server.facts["HostConfig"]["ReadonlyRootfs"]


def test_a_server_knows_the_hours_of_markets(server):
    """It has the time zones that they are in."""
    assert "ready" in server.logs
    assert "count as open" not in server.logs


def test_a_server_that_could_write_does_not(run, network, market):
    del market
    name = run.make_name("writable")
    call("run", "--detach", "--name", name, "--label", f"{LABEL}={run.id}",
         "--network", network, "--env", "QUOTED_PROVIDERS_0_NAME=market",
         "--env", "QUOTED_PROVIDERS_0_URL=http://market:7401", run.image)
    done = run.ask_quote(network, "--server", f"{name}:7400", "--timeout", "20s", "IBM")
    assert done.returncode == 0, done.stderr
    assert ask("diff", name) == ""


def test_it_says_to_the_engine_what_it_does(server):
    assert "msg=listening" in server.logs
    assert "msg=ready" in server.logs


# --- Over TLS -----------------------------------------------------------------------

class SecureProvider(http.server.HTTPServer):
    """Answers over TLS as Alpha Vantage does, with a certificate for localhost that it
    has made and signed itself."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"Global Quote": {
                "01. symbol": "IBM", "05. price": "137.1600",
                "07. latest trading day": "2026-01-02"}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self, folder):
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", self.certificate],
                       capture_output=True, check=True)
        self.certificate.chmod(0o444)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def handle_error(self, *_):
        pass  # one that does not trust us

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture(name="secure")
def start_secure(tmp_path):
    with SecureProvider(tmp_path) as provider:
        yield provider


def ask_over_tls(run, provider, *options):
    """What a server on this machine's loopback says that asks such a provider."""
    server = run.start(
        "--network", "host", "--env", "QUOTED_SERVER_LISTEN=127.0.0.1:0",
        "--env", "QUOTED_PROVIDERS_0_NAME=market", "--env", "QUOTED_PROVIDERS_0_TIMEOUT=1m",
        "--no-healthcheck",
        "--env", f"QUOTED_PROVIDERS_0_URL=https://localhost:{provider.server_port}", *options)
    port = int(server.wait_line(r"address=127\.0\.0\.1:(\d+)").group(1))
    try:
        with Connection(("127.0.0.1", port)) as client:
            return str(client.ask("GET", "IBM"))
    finally:
        server.remove()


def test_a_provider_is_asked_over_tls(run, secure):
    trusted = f"{secure.certificate}:/etc/ssl/certs/ca-certificates.crt:ro"
    assert ask_over_tls(run, secure, "--volume", trusted) == "137.16"


def test_a_provider_whom_no_authority_knows_is_not(run, secure):
    assert ask_over_tls(run, secure).startswith("UPSTREAM")


# --- Health -------------------------------------------------------------------------

def test_a_server_that_answers_is_healthy_and_one_that_stands_still_is_not(run, network, market):
    del market
    server = run.start_server(network, "--health-interval", "500ms")
    server.wait_health("healthy")
    server.signal("STOP")
    server.wait_health("unhealthy")
    server.signal("CONT")
    server.wait_health("healthy")


def test_a_server_is_healthy_by_the_image_alone(server):
    server.wait_health("healthy")


# --- Its end ------------------------------------------------------------------------

def test_told_to_stop_both_end_in_order(network, market, server):
    with server.connect(network) as client:
        assert float(client.ask("GET", "IBM")) > 0
        assert server.stop() == 0
        with pytest.raises(Ended):
            client.ask("PING")
    assert market.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_of_its_signals_ends_it(server, number):
    """The first process of a container gets only the signals that it waits for."""
    server.signal(number.name[3:])
    assert server.wait_exit() == 0


# --- Settings and keys --------------------------------------------------------------

def test_the_key_is_read_from_a_secret_file(run, network, tmp_path):
    key = tmp_path / "key"
    key.write_text("secretkey123\n")
    key.chmod(0o444)
    market = run.start_market(network, "--key", "secretkey123")
    good = run.start_server(network, "--volume", f"{key}:/run/secrets/key:ro",
                            "--env", "QUOTED_PROVIDERS_0_KEY_FILE=/run/secrets/key", alias="good")
    bad = run.start_server(network, alias="bad")
    with good.connect(network) as client:
        assert float(client.ask("GET", "IBM")) > 0
    with bad.connect(network) as client:
        assert str(client.ask("GET", "IBM")).startswith("UPSTREAM")
    for one in (market, good, bad):
        assert one.stop() == 0
    assert "secretkey123" not in good.logs


def test_a_key_that_its_user_may_not_read_is_told(run, network, tmp_path):
    key = tmp_path / "key"
    key.write_text("secretkey123\n")
    key.chmod(0o400)
    server = run.start("--network", network, "--volume", f"{key}:/run/secrets/key:ro",
                       "--env", "QUOTED_ALPHAVANTAGE_KEY_FILE=/run/secrets/key")
    assert server.wait_exit() == 1
    assert "/run/secrets/key" in server.logs and "ermission" in server.logs


def test_a_settings_file_is_found_where_it_is_mounted(run, network, tmp_path):
    file = tmp_path / "quoted.yaml"
    file.write_text("server:\n  id: mounted\nlog:\n  format: json\nproviders:\n  - name: market\n")
    server = run.start("--network", network, "--volume", f"{file}:/etc/quoted/quoted.yaml:ro")
    assert json.loads(server.wait_line(r'\{.*"ready".*\}').group())["server"] == "mounted"


def test_what_kubernetes_adds_to_the_environment_is_no_setting(run, network, market):
    del market
    more = [part for name, value in OF_KUBERNETES.items() for part in ("--env", f"{name}={value}")]
    server = run.start_server(network, *more)
    with server.connect(network) as client:
        assert client.ask("PING") == "PONG"


def test_a_setting_that_there_is_not_ends_it_with_a_word(run, network):
    server = run.start("--network", network, "--env", "QUOTED_CACHE_FRESH=1m")
    assert server.wait_exit() != 0
    assert "QUOTED_CACHE_FRESH: no such setting" in server.logs
