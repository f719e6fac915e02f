# SPDX-License-Identifier: Apache-2.0
"""quoted --try-provider: one call, shown step by step.

Claims: what is asked, what comes and what decides is shown, for a price as for each kind
of trouble, with a status that tells which; the key is in none of it, whatever the provider
sends back; the call is counted in the store before it is made, never beyond what the key
allows, and a store that a server holds is left alone.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/tryout_test.py
"""

import json
import socket
import sqlite3
import subprocess

import pytest

import keys
from programs import Market, Server, environment, program
from stub import Stub

PRICE, FAILED, USAGE = 0, 1, 2


def try_provider(name, symbol, *settings, **variables):
    """Make the call; returns (status, the steps as text, standard error)."""
    flags = [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run([program("src/quoted"), *flags, "--try-provider", name, symbol],
                          capture_output=True, text=True, env=environment(variables),
                          timeout=60, check=False)
    for said in (done.stdout, done.stderr):
        assert keys.search(said) is None, f"a key is in:\n{said}"
    return done.returncode, done.stdout, done.stderr


def settings_of(one, tmp_path, name):
    """What points a provider at a Market or a Stub."""
    path = tmp_path / "key"
    path.write_text(one.key + "\n")
    return (f"providers.0.name={name}", f"providers.0.url={one.url}",
            f"providers.0.key_file={path}")


def step(said, about):
    """What a step says; the lines that go on with it, too."""
    lines = said.splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith(f"{about} ")), None)
    assert at is not None, f"no step '{about}' in:\n{said}"
    texts = [lines[at][len(about):].strip()]
    for line in lines[at + 1:]:
        if not line.startswith("   "):
            break
        texts.append(line.strip())
    return "\n".join(texts)


def test_a_price_is_shown_with_all_that_led_to_it(tmp_path):
    with Market("--step", "0") as market:
        market.set_price("IBM", "137.16", previous_close="136.50")
        status, said, err = try_provider("alphavantage", "ibm",
                                         *settings_of(market, tmp_path, "alphavantage"))
        assert (status, err) == (PRICE, "")
        assert step(said, "description") == "the one that is built in"
        assert step(said, "symbol") == "IBM"
        assert step(said, "call").startswith("quote, ")
        assert step(said, "request") == \
            f"GET {market.url}/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=HIDDEN"
        assert step(said, "answer").startswith("HTTP status 200, ")
        assert "Content-Type: application/json" in step(said, "answer")
        assert '"05. price": "137.1600"' in step(said, "body")
        assert step(said, "decided by") == "data: ok"
        assert step(said, "price") == "137.16"
        assert step(said, "previous_close") == "136.50"
        assert "25 of 25 calls a day are left" in step(said, "before")
        assert "24 of 25 calls a day are left" in step(said, "after")
        assert market.calls() == 1


@pytest.mark.parametrize("answer, rule, told", [
    ({"class": "limit_day"}, "limit.d", "LIMIT"),
    ({"class": "limit_second"}, "limit.s", "LIMIT"),
    ({"class": "unknown"}, "unknown", "UNKNOWN"),
    ({"class": "bad_key"}, "auth", "UPSTREAM"),
    ({"class": "premium"}, "plan", "NODATA"),
    ({"class": "down"}, "upstream", "UPSTREAM"),
    ({"body": '{"Information": "Something new."}'}, "notice", "UPSTREAM"),
    ({"body": '{"Global Quote": {"05. pri'}, "upstream", "UPSTREAM"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_what_decides_about_an_answer_without_a_price_is_named(tmp_path, answer, rule, told):
    with Market("--step", "0") as market:
        market.answer_next("IBM", answer)
        status, said, _ = try_provider("alphavantage", "IBM",
                                       *settings_of(market, tmp_path, "alphavantage"))
        assert status == FAILED
        assert step(said, "decided by").endswith(f": {rule}")
        assert f"clients are told {told}: " in step(said, "no price")
        assert market.calls() == 1


def echo(call):
    """Answers as a provider that says the key wherever it can."""
    key = call.headers.get("x-finnhub-token", "")
    body = json.dumps({"error": f"The key {key} may not do this, {key}{key}", "key": [key]})
    call.answer(body.encode() + b"\xff\x1b[31m\0" + key.encode(), status=403,
                headers=[f"Location: {call.stub.url}/login?token={key.replace('/', '%2F')}",
                         f"X-Ratelimit-Of: {key}", "Content-Type: application/json"])


def test_a_key_that_the_provider_sends_back_is_blotted_out(tmp_path):
    with Stub(echo) as stub:
        status, said, _ = try_provider("finnhub", "IBM", *settings_of(stub, tmp_path, "finnhub"))
        assert status == FAILED
        assert "X-Finnhub-Token: HIDDEN" in step(said, "request")
        assert "X-Ratelimit-Of: <key>" in step(said, "answer")
        assert "/login?token=<key>" in step(said, "answer")
        assert "The key <key> may not do this" in step(said, "body")
        assert "\x1b" not in said
        assert stub.calls[0].headers["x-finnhub-token"] == stub.key


def test_two_keys_are_hidden_both(tmp_path):
    with Stub(echo, provider="alpaca") as stub:
        stub.key = f"{stub.key}:{keys.make_key()}"
        status, said, _ = try_provider("alpaca", "IBM", *settings_of(stub, tmp_path, "alpaca"))
        assert status == FAILED
        assert step(said, "request").count("HIDDEN") == 2


@pytest.mark.parametrize("fault, timeout, part", [
    (lambda call: call.reset(), "30s", ""),
    (lambda call: call.hang(), "300ms", "imeout"),
    (lambda call: call.answer(b"x" * (2 << 20)), "30s", "the body is longer than 1 MiB"),
], ids=["reset", "hang", "flood"])
def test_a_call_without_an_answer_says_why(tmp_path, fault, timeout, part):
    with Stub(fault) as stub:
        status, said, _ = try_provider("finnhub", "IBM", *settings_of(stub, tmp_path, "finnhub"),
                                       f"providers.0.timeout={timeout}")
        assert status == FAILED
        assert part in step(said, "no answer")


def test_a_host_that_is_not_there_is_said(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        status, said, _ = try_provider(
            "alphavantage", "IBM", "providers.0.name=alphavantage",
            f"providers.0.url=http://127.0.0.1:{closed.getsockname()[1]}",
            QUOTED_ALPHAVANTAGE_KEY=keys.make_key())
    assert status == FAILED
    assert "onnect" in step(said, "no answer")


def test_a_market_that_the_provider_has_not_is_not_asked_for(tmp_path):
    with Market("--step", "0") as market:
        settings = settings_of(market, tmp_path, "alphavantage")
        status, said, _ = try_provider("alphavantage", "IBM.XTAI", *settings)
        assert status == FAILED
        assert step(said, "not asked") == "the description has no spelling for the market XTAI"
        status, said, _ = try_provider("alphavantage", "IBM.XLON", *settings,
                                       "providers.0.markets=XNYS")
        assert status == FAILED
        assert "the setting markets does not name XLON" in step(said, "not asked")
        assert market.calls() == 0


@pytest.mark.parametrize("name, symbol, part", [
    ("nobody", "IBM", 'there is no description of "nobody"; there are alpaca, '),
    ("finnhub", "IBM", "needs a key and has none: get one at https://finnhub.io/register"),
    ("yahoo", "I B M", "'I B M' is no symbol; one is "),
])
def test_what_can_not_begin_ends_with_2_and_a_sentence(name, symbol, part):
    status, said, err = try_provider(name, symbol)
    assert (status, said) == (USAGE, "")
    assert part in err


def test_a_symbol_has_to_be_given():
    done = subprocess.run([program("src/quoted"), "--try-provider", "yahoo"], text=True,
                          capture_output=True, env=environment(), timeout=60, check=False)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "takes NAME SYMBOL" in done.stderr


def test_the_call_is_counted_in_the_store_and_none_goes_beyond_what_is_allowed(tmp_path):
    store = f"store.path={tmp_path}/quoted.db"
    with Market("--step", "0") as market:
        settings = (*settings_of(market, tmp_path, "alphavantage"), store,
                    "providers.0.limits=2/d")
        for left in (1, 0):
            status, said, _ = try_provider("alphavantage", "IBM", *settings)
            assert status == PRICE
            assert step(said, "counted").startswith("one call, in ")
            assert f"{left} of 2 calls a day are left" in step(said, "after")
        status, said, _ = try_provider("alphavantage", "IBM", *settings)
        assert status == FAILED
        assert "the allowance is used" in step(said, "not asked")
        assert market.calls() == 2
        # The server goes by the same count.
        with Server(market, store, "providers.0.name=alphavantage",
                    "providers.0.limits=2/d") as server, server.connect() as client:
            assert str(client.ask("GET", "IBM")).startswith("LIMIT")
        assert market.calls() == 2


def test_a_limit_that_the_provider_speaks_of_is_kept(tmp_path):
    store = f"store.path={tmp_path}/quoted.db"
    with Market("--step", "0") as market:
        settings = (*settings_of(market, tmp_path, "alphavantage"), store)
        market.answer_next("IBM", {"class": "limit_day"})
        assert try_provider("alphavantage", "IBM", *settings)[0] == FAILED
        status, said, _ = try_provider("alphavantage", "IBM", *settings)
        assert status == FAILED
        assert "0 of 25 calls a day are left" in step(said, "before")
        assert market.calls() == 1


def test_a_store_that_a_server_holds_is_left_alone(tmp_path):
    path = tmp_path / "quoted.db"
    with Market("--step", "0") as market:
        settings = settings_of(market, tmp_path, "market")
        with Server(market, f"store.path={path}") as server, server.connect() as client:
            assert client.ask("GET", "IBM") is not None
            status, said, _ = try_provider("market", "IBM", *settings, f"store.path={path}")
            assert status == PRICE
            assert step(said, "not counted").endswith(
                "a server that runs has it; what it counts lacks this call")
            assert client.ask("GET", "MSFT") is not None
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM quote").fetchone() == (2,)
