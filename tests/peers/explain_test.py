# SPDX-License-Identifier: Apache-2.0
"""Why a price is what it is: EXPLAIN, INFO providers and quote --explain.

Claims: what is said is what the provider has seen and said; it costs no call, whatever
the symbol; each client gets the same text, on lines of 80 columns; no key is in it,
also when a provider repeats it; and a request that waits is waited for in its turn.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/explain_test.py
"""

import datetime
import json
import re
import shutil
import subprocess

import keys
import pytest
from fake_resp import Close, FakeServer, bulk, error
from fake_resp import quote as fields
from programs import SLOWER, Market, Server, environment, program, read_info, wait_until
from stub import Stub
from wire import Verbatim

QUOTE = "client/cli/quote"
SCREEN_LINES = 24
DAY = datetime.timedelta(days=1)

needs_cli = pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli")


def quote(server, *words):
    """What quote(1) says and exits with."""
    host, port = server.address
    return subprocess.run([program(QUOTE), "-s", f"{host}:{port}", "--timeout", "60s", *words],
                          text=True, capture_output=True, timeout=120 * SLOWER, check=False,
                          env=environment())


def read(text):
    """An explanation as a dict by label; a provider's lines are under "NAME:"."""
    assert keys.search(text) is None, text
    assert all(len(line) <= 80 for line in text.splitlines()), text
    found = {"symbol": text.split("\n", 1)[0]}
    label = provider = None
    for line in text.splitlines()[1:]:
        if match := re.match(r"(price|as of|source|market|next|to ask) {2,}(.*)", line):
            label, rest = match.groups()
            found[label] = rest
        elif match := re.match(r"(\w+): (.*)", line):
            provider = found[f"{match[1]}:"] = {"state": match[2], "left": []}
            label = None
        elif match := re.match(r"  left {4}(.*)", line):
            provider["left"].append(match[1])
        elif match := re.match(r"  (said|last) {4}(.*)", line):
            label = match[1]
            provider[label] = match[2]
        else:  # goes on below
            at = provider if provider is not None else found
            at[label] = at.get(label, "") + " " + line.strip()
    return found


def explain(client, symbol):
    return read(client.ask("EXPLAIN", symbol))


def providers(client):
    """INFO providers: a dict for each."""
    info = read_info(client.ask("INFO", "providers"))
    return [dict(pair.split("=") for pair in info[f"provider{i}"].split(","))
            for i in range(info["providers"])]


# --- What is said -----------------------------------------------------------------

def test_a_symbol_that_nobody_asked_for_is_not_asked_for(market, client):
    for symbol in ("IBM", "NOSUCH", "TSCO.XLON", "google"):
        why = explain(client, symbol)
        assert why["price"] == "none is in memory"
        assert why["next"] == "it is fetched when somebody asks for it"
    assert explain(client, "google")["symbol"] == "GOOGL  Google"
    assert explain(client, "IBM")["to ask"] == "market, at once, when somebody has to wait"
    assert explain(client, "IBM")["market"] == "XNYS: the provider has prices at any hour"
    assert market.calls() == 0


def test_a_price_is_explained(market, client):
    client.ask("GET", "IBM")
    why = explain(client, "IBM")
    assert re.fullmatch(r"137.16 USD, fresh: .* old, good for another .*", why["price"])
    assert re.fullmatch(r"\S+, fetched \S+Z", why["as of"])
    assert why["source"].startswith("market")
    assert re.fullmatch(r"in \d+ .*: it is asked for again before it is stale", why["next"])
    assert why["market:"]["state"] == "ok"
    assert re.fullmatch(r"ok, .* ago", why["market:"]["said"])
    assert "said" not in explain(client, "MSFT")["market:"]
    assert market.calls() == 1


def test_a_symbol_that_nobody_knows_is_explained(market, client):
    client.ask("GET", "NOSUCH")
    why = explain(client, "NOSUCH")
    assert re.fullmatch(r"none: no provider knows this symbol \(believed for another .*\)",
                        why["price"])
    assert market.calls("NOSUCH") == 1


def test_a_call_under_way_is_said(market, server, client):
    market.hold("IBM")
    client.send("GET", "IBM")
    market.wait("held", 1)
    with server.connect() as other:
        assert explain(other, "IBM")["next"] == "now: a call for it is under way, to market"
        market.release("IBM")
        assert client.receive() == "137.16"
        assert explain(other, "IBM")["next"].startswith("in ")
    assert market.calls() == 1


def test_a_provider_that_is_down_is_said(market, client):
    market.answer_next("*", {"class": "down", "repeat": 1000})
    for symbol in ("IBM", "MSFT", "AAPL"):
        client.ask("GET", symbol)
    one = wait_until(lambda: next((one for one in providers(client) if one["ended"] == "3"),
                                  None), "three calls")
    assert one["state"] in ("resting", "trying")  # it rests a second
    assert (one["ok"], one["last"]) == ("0", "upstream")
    why = explain(client, "IBM")
    assert re.match(r"resting for .*: HTTP status 503|trying", why["market:"]["state"])
    assert re.match(r"upstream, .* ago: HTTP status 503", why["market:"]["said"])


def test_a_refresh_that_failed_is_tried_again_and_says_so(market):
    with Server(market, "cache.fresh_for=1s", "fetch.retry_after=30s") as server, \
            server.connect() as client:
        client.ask("GET", "IBM")
        market.answer_next("IBM", {"class": "down", "repeat": 1000})
        why = wait_until(lambda: "failed" in explain(client, "IBM")["next"] and
                         explain(client, "IBM"), "the refresh fails")
        assert re.fullmatch(r"in \d+ .*: the last try failed", why["next"])
        assert why["price"].startswith(("137.16 USD, fresh: ", "137.16 USD, stale: "))
        assert re.match(r"upstream, .* ago: HTTP status 503", why["market:"]["said"])


def test_an_allowance_that_is_used_is_said_and_who_is_asked_instead():
    with Market("--step", "0") as first, Market("--step", "0") as second:
        first.limits = "2/d"
        first.provider, second.provider = "alphavantage", "market"
        with Server([first, second]) as server, server.connect() as client:
            one, two = providers(client)
            assert (one["name"], one["state"], one["d_left"]) == ("alphavantage", "ok", "2")
            assert "d_limit" not in two
            client.ask("GET", "IBM")
            why = explain(client, "IBM")
            assert why["alphavantage:"]["left"][0].startswith("1 of 2 a day, anew in ")
            client.ask("GET", "MSFT")
            why = explain(client, "DIS")
            assert why["to ask"] == "market, at once, when somebody has to wait"
            assert why["alphavantage:"]["state"] == "limited"
            assert re.match(r"0 of 2 a day, anew in ", why["alphavantage:"]["left"][0])
            assert why["alphavantage:"]["last"].startswith("ok, ")
            one = wait_until(lambda: next((one for one in providers(client)
                                           if one["state"] == "limited"), None), "limited")
            assert one["d_left"] == "0" and int(one["d_turns_in_s"]) <= 24 * 3600 + 300
            assert one["d_out_in_s"] == "0" and int(one["d_pace_day"]) >= 2
            assert (first.calls(), second.calls()) == (2, 0)


def test_nobody_left_to_ask_says_when(market):
    market.limits = "1/d"
    with Server(market) as server, server.connect() as client:
        client.ask("GET", "IBM")
        assert str(client.ask("GET", "MSFT")).startswith("LIMIT MSFT: market: ")
        why = explain(client, "MSFT")
        assert re.fullmatch(r"market, in \d+ .*: the allowance is used", why["to ask"])
        assert re.fullmatch(r"in \d+ .* at the earliest: it waits for a call to market: .*",
                            why["next"])
        assert market.calls() == 1


def test_a_key_that_is_repeated_to_us_is_not_said():
    def refuse(call):
        call.answer(json.dumps({"error": f"Invalid API key {call.query.get('token')}"}), 401)

    with Stub(refuse, provider="finnhub") as stub, Server([stub]) as server:
        with server.connect() as client:
            reply = client.ask("GET", "IBM")
            assert str(reply).startswith("UPSTREAM IBM: finnhub: ")
            why = explain(client, "IBM")
            assert why["finnhub:"]["state"].startswith("off")
            assert why["finnhub:"]["said"].startswith("auth, ")
            assert why["to ask"] == "nobody: no provider may be asked for it"
            (one,) = wait_until(lambda: [one for one in providers(client)
                                         if one["state"] == "off"], "off")
            assert one["last"] == "auth"
            for text in (client.ask("INFO", "providers"), client.ask("EXPLAIN", "IBM")):
                assert stub.key not in text
        assert stub.key not in quote(server, "--explain", "IBM").stdout


# --- Hours ------------------------------------------------------------------------

@pytest.fixture
def hours(tmp_path):
    """A function that writes a calendar of XNYS with these hours, on these days."""
    def write(hours, days):
        path = tmp_path / "calendar.yaml"
        names = ", ".join(day.strftime("%a").lower() for day in days)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        path.write_text(f"markets: XNYS\nzone: UTC\nfrom: {today - 30 * DAY}\n"
                        f"to: {today + 30 * DAY}\ndays: [{names}]\nhours: {hours}\n")
        return f"calendars={path}"
    return write


def test_a_market_that_is_closed_is_said(hours):
    today = datetime.datetime.now(datetime.timezone.utc)
    close = (today - 4 * DAY).replace(hour=16, minute=0, second=0, microsecond=0)

    def give(call):
        call.answer(json.dumps({"c": 5, "pc": 5, "t": int(close.timestamp())}))

    with Stub(give) as stub:
        # Open on one day a week, four days ago.
        with Server([stub], hours("09:00-16:00", [close])) as server, server.connect() as client:
            assert client.ask("GET", "IBM") == "5.00"
            why = explain(client, "IBM")
            opens = (close + 7 * DAY).strftime("%Y-%m-%dT09:00Z")
            assert re.match(rf"XNYS is closed until {opens}, in [23] d\b", why["market"])
            assert re.match(r"5.00( USD)?, closed: .* old, good for another [23] d\b",
                            why["price"])
            assert re.match(r"in [23] d\b.*: there is no other price before then", why["next"])
            assert stub.count() == 1


def test_a_market_that_is_open_is_said(hours):
    today = datetime.datetime.now(datetime.timezone.utc)

    def give(call):
        call.answer(json.dumps({"c": 5, "pc": 5, "t": int(today.timestamp())}))

    with Stub(give) as stub:
        week = [today + i * DAY for i in range(7)]
        with Server([stub], hours("00:00-24:00", week)) as server, server.connect() as client:
            client.ask("GET", "IBM")
            why = explain(client, "IBM")
            assert why["market"].startswith("XNYS is ")
            assert "hours not known" not in why["market"]
            assert re.match(r"in .*: it is asked for again before it is stale", why["next"])


# --- Whoever asks -----------------------------------------------------------------

def without_times(text):
    return re.sub(r"\d+ (ms|s|min|h|d)\b( \d+ (s|min|h)\b)?", "T", text)


@needs_cli
def test_each_client_gets_the_same_lines(market):
    with Server(market, "cache.fresh_for=1h") as server, server.connect() as client:
        client.ask("GET", "IBM")
        texts = [without_times(text) for text in all_ways(server, client)]
        assert set(texts) == {texts[0]}, texts
        assert len(texts[0].splitlines()) <= SCREEN_LINES


def all_ways(server, client):
    """EXPLAIN IBM, as each client prints it."""
    redis = pytest.importorskip("redis", reason="no python3-redis")
    host, port = server.address
    with redis.Redis(host, port, decode_responses=True) as two:
        texts = [two.execute_command("EXPLAIN", "IBM")]
    client.ask("HELLO", "3")
    reply = client.ask("EXPLAIN", "IBM")
    assert isinstance(reply, Verbatim)
    texts.append(reply)
    for version in ([], ["-3"]):
        for form in ([], ["--no-raw"] if version else []):
            done = subprocess.run(["redis-cli", "-h", host, "-p", str(port), *version, *form,
                                   "EXPLAIN", "IBM"], text=True, capture_output=True,
                                  env=environment(), timeout=60, check=True)
            texts.append(done.stdout[:-1])  # it ends the line once more
    texts.append(quote(server, "--explain", "IBM").stdout)
    return texts


def test_quote_explains_several_and_says_what_is_wrong(market, server):
    done = quote(server, "--explain", "ibm", "a b", "NOSUCH")
    assert done.returncode == 3
    assert done.stdout.startswith("IBM\nprice     none is in memory\n")
    assert "\n\nNOSUCH\nprice     none" in done.stdout
    assert done.stderr.startswith("quote: a b: ") and "neither a name nor a symbol" in done.stderr
    assert market.calls() == 0


def test_wrong_words_are_refused(market, client):
    for words in (["EXPLAIN"], ["EXPLAIN", "IBM", "MSFT"]):
        assert client.ask(*words) == "ERR wrong number of arguments for 'EXPLAIN' command"
    for symbol in ("", "a b", "X" * 33, "*"):
        assert str(client.ask("EXPLAIN", symbol)).startswith("SYMBOL ")
    assert market.calls() == 0


def test_it_is_answered_in_its_turn(market, client):
    market.hold("IBM")
    client.send("GET", "IBM")
    for words in (["EXPLAIN", "MSFT"], ["PING"], ["MULTI"], ["EXPLAIN", "IBM"], ["PING"],
                  ["EXEC"]):
        client.send(*words)
    market.wait("held", 1)
    market.release("IBM")
    assert client.receive() == "137.16"
    assert client.receive().startswith("MSFT  Microsoft\n")
    assert [client.receive() for _ in range(4)] == ["PONG", "OK", "QUEUED", "QUEUED"]
    text, pong = client.receive()
    assert text.startswith("IBM\nprice     137.16 USD") and pong == "PONG"


def test_many_at_once_are_answered_or_refused_by_name(market, server):
    with server.connect() as client:
        for i in range(200):
            client.send("EXPLAIN", f"S{i}")
        for i in range(200):
            reply = client.receive()
            assert reply.startswith((f"S{i}\n", f"OVERLOADED S{i}: "))
    assert market.calls() == 0


# --- libquoted --------------------------------------------------------------------

def explain_at(*fakes):
    address = ",".join(fake.address for fake in fakes)
    return subprocess.run([program(QUOTE), "-s", address, "--explain", "IBM"], text=True,
                          capture_output=True, timeout=120 * SLOWER, check=False,
                          env=environment())


def test_a_server_that_is_too_old_is_said():
    with FakeServer() as old:
        old.steps += [error("ERR unknown command 'EXPLAIN'")]
        done = explain_at(old)
        assert (done.returncode, done.stdout) == (1, "")
        assert "ERR unknown command 'EXPLAIN'" in done.stderr
        assert old.asked[-1][1] == ["EXPLAIN", "IBM"]


def test_what_a_terminal_would_obey_is_not_printed():
    with FakeServer() as hostile:
        hostile.steps += [bulk("IBM\x1b[2J\r\nprice\x07\n")]
        done = explain_at(hostile)
        assert (done.returncode, done.stdout) == (0, "IBM?[2J?\nprice?\n")


def test_a_server_that_is_gone_is_left_for_another():
    with FakeServer() as one, FakeServer() as two:
        one.steps += [Close()] * 8
        two.steps += [bulk("IBM\n")] * 8
        for _ in range(4):
            done = explain_at(one, two)
            assert (done.returncode, done.stdout, done.stderr) == (0, "IBM\n", "")


def test_what_is_no_explanation_is_refused():
    for reply in (fields(), b"+OK\r\n", b"$-1\r\n", b"$0\r\n\r\n"):
        with FakeServer() as odd:
            odd.steps += [reply] * 100
            done = explain_at(odd)
            assert (done.returncode, done.stdout) == (1, ""), reply
            assert "a reply that is no text" in done.stderr
