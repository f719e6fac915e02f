# SPDX-License-Identifier: Apache-2.0
"""/metrics and the log: what an operator sees of a server.

Claims: promtool finds nothing to say about the page, and a strict reader reads its
other form; every request is counted once, by protocol and outcome; an outage has the
same word in the error, the log line and the metric, and the log line has the name of
the request that the client was told; the alerts and the dashboard under deploy/ ask
for nothing that the page does not have.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/seen_test.py
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from metrics import Metrics, read_page, scrape
from programs import DEADLINE_S, Server, read_info, wait_until
from web import Web
from wire import Error

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus/quoted.rules.yaml"
DASHBOARD = DEPLOY / "grafana/quoted.json"

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def run_promtool(*arguments, text=None):
    """What promtool has to say; it must be content."""
    if shutil.which("promtool") is None:
        pytest.skip("no promtool")
    ran = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True,
                         timeout=DEADLINE_S, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def use(server):
    """Requests of several kinds over RESP and HTTP; returns how many."""
    with server.connect() as client, Web(server.address) as web:
        client.ask("GET", "IBM")
        client.ask("GET", "IBM")
        client.ask("MGET", "IBM", "AAPL", "NOSUCH")
        client.ask("PING")
        assert isinstance(client.ask("GET", "no symbol"), Error)
        assert isinstance(client.ask("FLUSHALL"), Error)
        assert web.get("/v1/quotes/IBM").status == 200
        assert web.get("/nowhere").status == 404
    return 8


# --- The page ------------------------------------------------------------------


def test_promtool_finds_nothing(server):
    use(server)
    assert run_promtool("check", "metrics", text=read_page(server)) == ""


def test_openmetrics_is_read_by_a_strict_reader(server):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser",
                                 reason="no python3-prometheus-client")
    use(server)
    families = {family.name: family
                for family in parser.text_string_to_metric_families(read_page(server, True))}
    assert families["quoted_requests"].type == "counter"
    assert families["quoted_build"].type == "info"
    assert families["quoted_price_age_seconds"].unit == "seconds"
    assert families["quoted_loop_turn_seconds"].type == "histogram"


def test_both_forms_have_the_same_samples(server):
    text, other = Metrics(read_page(server)), Metrics(read_page(server, True))
    assert text.samples.keys() == other.samples.keys()


def test_every_request_is_counted_once(server):
    count = use(server)
    seen = scrape(server)
    assert seen.sum("quoted_requests_total") == count
    for proto, outcome, wanted in (
            ("resp", "fresh", 2), ("resp", "partial", 1), ("resp", "ok", 1),
            ("resp", "symbol", 1), ("resp", "refused", 1),
            ("http", "fresh", 1), ("http", "refused", 1)):
        labels = {"proto": proto, "outcome": outcome}
        assert seen["quoted_requests_total", labels] == wanted, labels
    with server.connect() as client:
        # The page's own, and this one, too.
        assert read_info(client.ask("INFO", "stats"))["requests"] == count + 2


def test_ages_and_durations_are_of_what_was_served(server):
    use(server)
    seen = scrape(server)
    # Two of the three symbols of MGET have a price.
    assert seen["quoted_price_age_seconds_count"] == 2 + 2 + 1
    waited = seen["quoted_request_duration_seconds_count", {"from": "upstream"}]
    assert waited == 2  # the first GET, and the MGET
    assert seen["quoted_request_duration_seconds_bucket", {"from": "upstream", "le": "+Inf"}] == 2
    assert seen["quoted_loop_turn_seconds_count"] > 0

    def all_turns_over():
        now = scrape(server)
        return now["quoted_request_duration_seconds_count", {"from": "memory"}] >= 6
    wait_until(all_turns_over, "the turns in which requests were answered to end")


def test_connections_are_counted_by_protocol(server):
    with server.connect() as client, server.connect(), Web(server.address) as web:
        client.ask("PING")
        seen = Metrics(web.get("/metrics").text)
        open_now = "quoted_connections_open"
        assert seen[open_now, {"proto": "resp"}] == 1
        assert seen[open_now, {"proto": "http"}] == 1
        assert seen.sum(open_now) >= 2  # the third may not have been accepted yet

    def all_gone():
        now = scrape(server)
        return now.sum(open_now) == now[open_now, {"proto": "http"}] == 1
    wait_until(all_gone, "connections to end")


def test_process_is_as_the_kernel_says(server):
    seen = scrape(server)
    assert seen["process_max_fds"] > seen["process_open_fds"] > 5
    assert seen["process_resident_memory_bytes"] > 1e6
    assert seen["process_threads"] >= 4
    assert seen["process_start_time_seconds"] > 1.7e9
    assert seen.sum("quoted_build_info") == 1


def test_provider_is_shown_by_its_name(server, market):
    use(server)
    calls = market.calls()

    def told():
        now = scrape(server)
        return now if now.sum("quoted_upstream_calls_total", provider="market") == calls else None
    seen = wait_until(told, "the report to have the calls")
    assert seen["quoted_upstream_duration_seconds_count", {"provider": "market"}] == calls
    standing = "quoted_provider_standing"
    assert seen[standing, {"provider": "market", "standing": "ok"}] == 1
    assert seen.sum(standing, provider="market") == 1


def test_what_is_left_of_a_key_is_shown(market):
    with Server(market, "providers.0.limits=25/d 5/m") as server:
        use(server)
        calls = market.calls()

        def told():
            now = scrape(server)
            labels = {"provider": "market", "window": "d", "counts": "calls"}
            assert now["quoted_budget_limit", labels] == 25
            return now["quoted_budget_left", labels] == 25 - calls
        wait_until(told, "the report to have what is left")


# --- One word everywhere -----------------------------------------------------------


def fail_all(market, symbol):
    """Let the provider fail whenever it is asked for a symbol."""
    market.answer_next(symbol, {"status": 500, "body": "", "repeat": 1000})


def wait_failure(server, proto, request=None):
    """The log line of a request that failed."""
    named = f" request={re.escape(request)} " if request else " "
    return server.wait_line(f'msg="request failed" code=UPSTREAM proto={proto}.*{named}').string


def test_outage_has_one_word(server, market):
    fail_all(market, "IBM")
    with server.connect() as client:
        assert str(client.ask("GET", "IBM")).startswith("UPSTREAM IBM: ")
    assert " symbol=IBM " in wait_failure(server, "resp")
    with Web(server.address) as web:
        answer = web.get("/v1/quotes/IBM", traceparent=TRACEPARENT)
        assert answer.json["code"] == "UPSTREAM"
        assert answer["X-Request-Id"] == TRACE
    wait_failure(server, "http", TRACE)
    seen = scrape(server)
    for proto in ("resp", "http"):
        assert seen["quoted_requests_total", {"proto": proto, "outcome": "upstream"}] == 1
    with server.connect() as client:
        for _ in range(20):  # a few failures are enough
            client.ask("GET", "IBM")
    rest = server.wait_line("provider is given a rest").string
    word = re.search(r" class=(\S+)", rest).group(1)

    def told():
        now = scrape(server)
        name = "quoted_upstream_calls_total"
        return now[name, {"provider": "market", "class": word}] == now.sum(name) > 0
    wait_until(told, "the report to have the failure")


def test_request_has_a_name(server):
    with Web(server.address) as web:
        def name(**headers):
            answer = web.get("/nowhere", **headers)
            assert answer.status == 404
            return answer["X-Request-Id"]
        first, second = name(), name()
        assert first != second and re.fullmatch("[0-9a-f]{16}", first)
        assert name(X_Request_Id="mine-7") == "mine-7"
        assert name(X_Request_Id="mine-7", traceparent=TRACEPARENT) == TRACE
        assert re.fullmatch("[0-9a-f]{16}", name(X_Request_Id='no "name"'))


def test_name_outlives_the_wait(server, market):
    """A request that waits is told the name it came with."""
    fail_all(market, "IBM")
    market.hold("IBM")
    with Web(server.address) as web:
        web.send("GET /v1/quotes/IBM HTTP/1.1\r\nHost: a\r\nX-Request-Id: early\r\n\r\n"
                 "GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: late\r\n\r\n")
        market.wait("held", 1)
        market.release("IBM")
        assert [web.receive()["X-Request-Id"] for _ in range(2)] == ["early", "late"]
    wait_failure(server, "http", "early")


# --- deploy/ -----------------------------------------------------------------------

NAME = re.compile(r"\b(?:quoted|process)_[a-z_]+\b")


def names_in(*expressions):
    return {name for expression in expressions for name in NAME.findall(expression)}


def expressions_of(value):
    """Every PromQL expression of a dashboard, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "query", "definition") and isinstance(inner, str):
                yield inner
            else:
                yield from expressions_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions_of(inner)


def test_rules_are_well_formed_and_fire():
    run_promtool("check", "rules", str(RULES))
    run_promtool("test", "rules", str(RULES.with_name("quoted.rules.test.yaml")))
    run_promtool("check", "config", "--syntax-only", str(RULES.with_name("prometheus.yaml")))


def test_alerts_and_dashboard_ask_for_what_there_is(market):
    yaml = pytest.importorskip("yaml", reason="no python3-yaml")
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"]
             for rule in group["rules"]]
    asked = names_in(*(rule["expr"] for rule in rules),
                     *expressions_of(json.loads(DASHBOARD.read_text())))
    with Server(market, "providers.0.limits=25/d") as server:
        there = scrape(server).names()
    assert asked and asked <= there, asked - there


def test_every_alert_says_what_to_do():
    yaml = pytest.importorskip("yaml", reason="no python3-yaml")
    page = (DEPLOY / "prometheus/README.md").read_text()
    tried = RULES.with_name("quoted.rules.test.yaml").read_text()
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            assert rule["annotations"]["summary"] and rule["annotations"]["description"]
            assert rule["alert"] in page, f"{rule['alert']} is not in the README"
            assert f"alertname: {rule['alert']}\n" in tried, f"{rule['alert']} is not tried"
