# SPDX-License-Identifier: Apache-2.0
"""Quotes by HTTP, byte by byte, and by curl and python3-requests.

Claims: a quote has the digits that the provider sent in every form; what a client
demands of its age is obeyed; answers come in the order of the requests, whatever
waits; what is no request is refused with the right status, and nothing behind it is
read as another request.
"""

import json
import re
import shutil
import signal
import subprocess

import pytest
import requests
from programs import DEADLINE_S, Market, Server, read_info, wait_until
from web import Web, get


@pytest.fixture(name="market")
def start_market():
    with Market("--step", "0") as market:
        market.set_price("IBM", "137.1600")
        yield market


@pytest.fixture(name="server")
def start_server(market):
    with Server(market, "server.id=one") as server:
        yield server


def info(server):
    """What the server has counted."""
    with server.connect() as client:
        return read_info(client.ask("INFO"))


# --- Forms -----------------------------------------------------------------------

def test_quote_as_json(server):
    answer = get(server, "/v1/quotes/IBM")
    assert answer.status == 200
    assert answer["Content-Type"] == "application/json"
    quote = answer.json
    assert (quote["symbol"], quote["price"], quote["server"]) == ("IBM", "137.16", "one")
    assert quote["state"] == "fresh" and "age_ms" not in quote


def test_numbers_have_the_same_digits(server):
    texts = get(server, "/v1/quotes/IBM").json
    numbers = get(server, "/v1/quotes/IBM?numbers=1")
    assert '"price":137.16,' in numbers.text
    assert {name: str(value) for name, value in numbers.json.items()} == texts


def test_quote_as_csv_and_text(server):
    csv = get(server, "/v1/quotes/IBM", Accept="text/csv")
    assert csv["Content-Type"].startswith("text/csv")
    names, values, rest = csv.text.split("\r\n")
    row = dict(zip(names.split(","), values.split(",")))
    assert (row["symbol"], row["price"], rest) == ("IBM", "137.16", "")
    text = get(server, "/v1/quotes/IBM?format=text")
    assert text.text == "IBM 137.16 USD fresh\n"
    several = get(server, "/v1/quotes/IBM", Accept=["image/png", "text/csv;q=0.5", "text/plain"])
    assert several.text == "IBM 137.16 USD fresh\n"
    assert get(server, "/v1/quotes/IBM", Accept="image/png").status == 406
    assert get(server, "/v1/quotes/IBM", Accept=["image/png", "image/gif"]).status == 406
    assert get(server, "/v1/quotes/IBM?format=xml").status == 400


def test_names_and_escapes_find_the_symbol(server):
    for target in ("/v1/quotes/ibm", "/v1/quotes/%49BM", "/v1/quotes/%20IBM%20"):
        assert get(server, target).json["symbol"] == "IBM"


def test_several_have_a_status_each_in_their_order(server, market):
    answer = get(server, "/v1/quotes?symbols=NOPE,IBM&symbols=!,AAPL")
    assert answer.status == 200
    elements = answer.json["quotes"]
    assert [(one["symbol"], one["status"]) for one in elements] == [
        ("NOPE", 404), ("IBM", 200), ("!", 400), ("AAPL", 200)]
    assert elements[1]["quote"]["price"] == "137.16"
    assert elements[0]["problem"]["code"] == "UNKNOWN"
    assert market.calls("AAPL") == 1
    text = get(server, "/v1/quotes?symbols=IBM,NOPE&format=text")
    assert text.text == "IBM 137.16 USD fresh\nNOPE - - UNKNOWN\n"
    csv = get(server, "/v1/quotes?symbols=NOPE&format=csv").text.split("\r\n")
    assert dict(zip(csv[0].split(","), csv[1].split(",")))["state"] == "UNKNOWN"
    assert get(server, "/v1/quotes?symbols=").status == 400
    assert get(server, "/v1/quotes?symbols=" + "A," * 1026).status == 400


def test_memory_is_listed_without_asking(server, market):
    get(server, "/v1/quotes?symbols=IBM,AAPL,TSLA")
    calls = market.calls()
    found, cursor = [], "0"
    while cursor is not None:
        answer = get(server, f"/v1/quotes?limit=1&cursor={cursor}").json
        found += [one["symbol"] for one in answer["quotes"]]
        cursor = answer.get("next")
    assert sorted(found) == ["AAPL", "IBM", "TSLA"]
    assert market.calls() == calls
    assert get(server, "/v1/quotes?limit=0").status == 400


# --- Caching ---------------------------------------------------------------------

def test_tag_is_of_the_quote(server, market):
    first = get(server, "/v1/quotes/IBM")
    same = get(server, "/v1/quotes/IBM", If_None_Match=first["ETag"])
    assert (same.status, same.body, same["ETag"]) == (304, b"", first["ETag"])
    assert same["Cache-Control"]
    assert get(server, "/v1/quotes/IBM?numbers=1")["ETag"] != first["ETag"]
    assert get(server, "/v1/quotes/IBM", If_None_Match='"other"').status == 200
    several = ['"other"', f'"a,b", W/{first["ETag"]}', '"more"']
    assert get(server, "/v1/quotes/IBM", If_None_Match=several).status == 304
    assert get(server, "/v1/quotes/IBM", If_None_Match=several[::2]).status == 200
    listed = get(server, "/v1/quotes?symbols=IBM")["ETag"]
    assert get(server, "/v1/quotes?symbols=IBM", If_None_Match=['"a"', listed]).status == 304
    market.set_price("IBM", "138.00")
    new = get(server, "/v1/quotes/IBM", If_None_Match=first["ETag"], Cache_Control="no-cache")
    assert (new.status, new.json["price"]) == (200, "138.00")


def test_age_is_told_to_caches(market):
    with Server(market, "cache.fresh_for=1h", "cache.stale_for=2h") as server:
        first = get(server, "/v1/quotes/IBM")
        assert first["Cache-Status"].startswith("quoted; fwd=miss; stored; ttl=")
        answer = get(server, "/v1/quotes/IBM")
        assert answer["Cache-Status"].startswith("quoted; hit; ttl=")
        lifetime = re.fullmatch(
            r"max-age=(\d+), stale-while-revalidate=(\d+), stale-if-error=\2",
            answer["Cache-Control"])
        assert 3500 <= int(lifetime.group(1)) <= 3600
        assert int(lifetime.group(2)) == 7200
        assert int(answer["X-Accel-Expires"]) <= int(lifetime.group(1)) - int(answer["Age"])
        assert answer["Vary"] == "Accept"
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer["Date"])


def test_demands_of_age_are_obeyed(market):
    with Server(market, "cache.fresh_for=1h", "fetch.warm_for=0") as server:
        assert get(server, "/v1/quotes/IBM", Cache_Control="only-if-cached").status == 504
        assert market.calls("IBM") == 0
        get(server, "/v1/quotes/IBM")
        assert get(server, "/v1/quotes/IBM", Cache_Control="only-if-cached").status == 200
        assert get(server, "/v1/quotes/IBM", Cache_Control="max-age=3600").status == 200
        assert market.calls("IBM") == 1
        market.set_price("IBM", "138.00")
        assert get(server, "/v1/quotes/IBM", Cache_Control="no-cache").json["price"] == "138.00"
        assert market.calls("IBM") == 2
        for both in ("only-if-cached, min-fresh=7200", ["only-if-cached", "min-fresh=7200"]):
            answer = get(server, "/v1/quotes/IBM", Cache_Control=both)
            assert (answer.status, answer.json["code"]) == (504, "CACHED")


def test_what_is_never_fresh_for_so_long_is_not_asked_for(market):
    with Server(market, "cache.fresh_for=1h", "fetch.warm_for=0") as server:
        market.set_price("AAPL", "200")
        for demand in ("min-fresh=7200", "min-fresh=3601, no-cache", "min-fresh=7200, max-age=0"):
            answer = get(server, "/v1/quotes/IBM", Cache_Control=demand)
            assert (answer.status, answer.json["code"]) == (504, "TOOOLD"), demand
            assert "cache.fresh_for" in answer.json["detail"]
        # It was fetched once, as there was nothing that might have been good for so long.
        assert market.calls("IBM") == 1
        several = get(server, "/v1/quotes?symbols=IBM,AAPL,NOPE", Cache_Control="min-fresh=7200")
        assert [one["status"] for one in several.json["quotes"]] == [504, 504, 404]
        assert get(server, "/v1/quotes/IBM", Cache_Control="min-fresh=60").status == 200
        assert get(server, "/v1/quotes/IBM").status == 200
        assert market.calls("IBM") == 1
        with Web(server.address) as web:  # and behind a request that waits
            market.hold("TSLA")
            web.send(web.compose("/v1/quotes/TSLA", Cache_Control="min-fresh=7200") +
                     web.compose("/v1/quotes/IBM", Cache_Control="min-fresh=7200"))
            market.wait("held", 1)
            market.release("TSLA")
            assert [web.receive().status for _ in range(2)] == [504, 504]


def test_only_if_cached_asks_nobody_for_a_stale_quote(market):
    with Server(market, "cache.fresh_for=100ms", "cache.stale_for=1h",
                "fetch.warm_for=0") as server, server.connect() as client:
        get(server, "/v1/quotes/IBM")
        wait_until(lambda: client.ask("PTTL", "IBM") == 0, "the quote is stale")
        for _ in range(5):
            answer = get(server, "/v1/quotes/IBM", Cache_Control="only-if-cached")
            assert (answer.status, answer.json["state"]) == (200, "stale")
        assert market.calls("IBM") == 1


def test_failures_are_problems(server, market):
    answer = get(server, "/v1/quotes/NOPE")
    assert answer.status == 404
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert (problem["code"], problem["symbol"]) == ("UNKNOWN", "NOPE")
    assert problem["status"] == 404 and problem["instance"] == "/v1/quotes/NOPE"
    assert int(answer["Retry-After"]) * 1000 >= problem["retry_after_ms"] > 0
    market.answer_next("TSLA", {"status": 500, "body": ""})
    assert get(server, "/v1/quotes/TSLA").json["code"] == "UPSTREAM"
    for path in "/v1/quotes/!", "/v1/explain/!", "/v1/history/!", "/v1/watch?symbols=IBM,!":
        problem = get(server, path).json
        assert (problem["code"], problem["symbol"]) == ("SYMBOL", "!"), path
        assert "which is 1 to 32 of A-Z" in problem["detail"], path
    assert get(server, "/v1/quotes/" + "A" * 33).json["code"] == "SYMBOL"
    assert "/openapi.json" in get(server, "/v1/quote/IBM").json["detail"]
    absent = get(server, "/v1/quotes/WMT", Cache_Control="only-if-cached").json
    assert absent["code"] == "CACHED" and "only-if-cached" in absent["detail"]


# --- Connections -------------------------------------------------------------------

def test_head_is_get_without_the_body(server):
    with Web(server.address) as web:
        whole = web.get("/v1/quotes/IBM")
        head = web.get("/v1/quotes/IBM", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head["Content-Length"] == str(len(whole.body))
        assert web.get("/v1/quotes/NOPE", "HEAD").status == 404
        assert web.get("/version").status == 200


def test_pipelined_answers_come_in_order(server, market):
    get(server, "/v1/quotes/IBM")
    market.hold("AAPL")
    with Web(server.address) as web:
        targets = ["/v1/quotes/IBM", "/v1/quotes/AAPL", "/nope", "/v1/quotes/IBM", "/version"]
        web.send("".join(web.compose(target) for target in targets))
        assert web.receive().json["symbol"] == "IBM"
        market.wait("held", 1)
        market.release("AAPL")
        assert web.receive().json["symbol"] == "AAPL"
        assert [web.receive().status for _ in range(3)] == [404, 200, 200]


def test_pipeline_of_many(server):
    get(server, "/v1/quotes/IBM")
    with Web(server.address) as web:
        web.send(web.compose("/v1/quotes/IBM") * 1000)
        bodies = {web.receive().body for _ in range(1000)}
    assert len(bodies) == 1


def test_repeated_requests_are_counted_as_others_are(server):
    get(server, "/v1/quotes/IBM")
    before = info(server)
    with Web(server.address) as web:
        plain = web.compose("/v1/quotes/IBM")
        web.send(plain * 100 + web.compose("/v1/quotes/AAPL") + plain * 100)
        symbols = [web.receive().json["symbol"] for _ in range(201)]
    after = info(server)
    assert symbols == ["IBM"] * 100 + ["AAPL"] + ["IBM"] * 100
    assert after["requests"] - before["requests"] == 201 + 1  # INFO itself
    assert after["cache_hits"] - before["cache_hits"] == 200


def test_request_that_comes_byte_by_byte(server):
    with Web(server.address) as web:
        for byte in web.compose("/version"):
            web.send(byte)
        assert web.receive().status == 200


def test_http_1_0_ends_unless_it_is_asked_to_stay(server):
    with Web(server.address) as web:
        web.send("GET /version HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert web.receive()["Connection"] == "keep-alive"
        web.send("GET /version HTTP/1.0\r\n\r\n")
        assert web.receive()["Connection"] == "close"
        assert web.has_ended()


def test_behind_a_close_nothing_is_answered(server):
    with Web(server.address) as web:
        web.send(web.compose("/version", Connection="close") + web.compose("/version"))
        assert web.receive()["Connection"] == "close"
        assert web.has_ended()


def test_absolute_form(server):
    with Web(server.address) as web:
        assert web.get("http://elsewhere.example/version").status == 200
        assert web.get("http://elsewhere.example:1/v1/quotes/IBM?numbers=1").status == 200
        assert web.get("https://elsewhere.example/v1/quotes/IBM").json["symbol"] == "IBM"
        assert web.get("HTTPS://elsewhere.example?x=1").status == 200
        assert web.get("ftp://elsewhere.example/version").status in (400, 404)


def test_methods(server):
    with Web(server.address) as web:
        assert web.get("/v1/quotes/IBM", "OPTIONS")["Allow"] == "GET, HEAD, OPTIONS"
        assert web.get("*", "OPTIONS").status == 204
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = web.get("/v1/quotes/IBM", method)
            assert (answer.status, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert web.get("/nope", "DELETE").status == 404


def test_request_that_is_known_is_read_anew_after_a_reload(market, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("symbol,name\nIBM,Mine\n")
    with Server(market, f"names={names}", "server.workers=1") as server, \
            Web(server.address) as web:
        answers = [web.get("/v1/quotes/Mine").json for _ in range(3)]
        assert {(one["symbol"], one["name"]) for one in answers} == {("IBM", "Mine")}
        names.write_text("symbol,name\nAAPL,Mine\nIBM,Other\n")
        server.signal(signal.SIGHUP)
        server.wait_line("configuration loaded again")
        wait_until(lambda: web.get("/v1/quotes/Mine").json["symbol"] == "AAPL", "the new name")
        assert web.get("/v1/quotes/IBM").json["name"] == "Other"


REFUSED = {
    "both lengths": (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "both, the other way": (400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                 "Content-Length: 5\r\n\r\n0\r\n\r\n"),
    "two lengths": (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                         "Content-Length: 30\r\n\r\n"),
    "a list of lengths": (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n"),
    "no length": (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
    "a signed length": (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n"),
    "a bad chunk": (400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "0x0\r\n\r\n"),
    "an unknown coding": (501, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"),
    "a space before the colon": (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    "a folded header": (400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    "a bare LF": (400, "GET / HTTP/1.1\nHost: a\n\n"),
    "a bare CR": (400, "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
    "a NUL": (400, "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"),
    "no Host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    "a body": (413, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
    "a chunked body": (413, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n0\r\n\r\n"),
    "a long target": (414, "GET /" + "a" * 17000 + " HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a long header": (431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + "a" * 17000 + "\r\n\r\n"),
    "many headers": (431, "GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 100 + "\r\n"),
    "an unknown method": (405, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "HTTP/0.9": (505, "GET /\r\n"),
    "HTTP/2.0": (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    "chunks in HTTP/1.0": (400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_refused_and_nothing_behind_it_is_read(server, name):
    status, request = REFUSED[name]
    with Web(server.address) as web:
        smuggled = "GET /v1/quotes/SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n"
        web.send(request + smuggled)
        answer = web.receive()
        assert answer.status == status, answer
        assert answer["Connection"] == "close"
        assert answer["Allow"] == ("GET, HEAD, OPTIONS" if status == 405 else None)
        assert web.receive_end() == b""


def test_wrong_host_is_refused(server):
    for host in ("a/b", "a b", "<a>", "a@b", "a\"b"):
        with Web(server.address) as web:
            web.send(f"GET /version HTTP/1.1\r\nHost: {host}\r\n\r\n")
            assert web.receive().status == 400, host
    for host in ("", "a.example", "[::1]:7400", "127.0.0.1", "a_b:1"):
        with Web(server.address) as web:
            web.send(f"GET /version HTTP/1.1\r\nHost: {host}\r\n\r\n")
            assert web.receive().status == 200, host


def test_broken_escape_is_refused(server):
    with Web(server.address) as web:  # which goes on
        for target in ("/v1/quotes/%", "/v1/quotes/%4", "/v1/quotes/%zz", "/v1/quotes?symbols=%4",
                       "/v1/quotes/IBM?nobody=%", "/v1/watch?symbols=IBM&x=%0", "/version?%"):
            answer = web.get(target)
            assert (answer.status, answer.json["code"]) == (400, "REQUEST"), target
        assert web.get("/v1/quotes/IBM").status == 200


def test_escapes_are_decoded_once(server):
    with Web(server.address) as web:
        def symbols(target):
            return [one["symbol"] for one in web.get(target).json["quotes"]]

        assert symbols("/v1/quotes?symbols=IBM%2CAAPL") == ["IBM", "AAPL"]
        assert symbols("/v1/quotes?symbols=+IBM,%20AAPL+") == ["IBM", "AAPL"]
        assert web.get("/v1/quotes/BTC%2FUSD").json["symbol"] == "BTC/USD"
        assert web.get("/v1/quotes/BTC/USD").json["symbol"] == "BTC/USD"
        assert web.get("/v1/quotes/%2549BM").json["code"] == "SYMBOL"
        assert web.get("/v1/quotes/%00").json["code"] == "SYMBOL"


def test_slow_sender_is_told_and_ended(market):
    with Server(market, "limits.idle_for=1s") as server, Web(server.address) as web:
        # It is never idle, and never ready.
        web.send("GET /version HTTP/1.1\r\nHost: a\r\n")

        def drip():
            try:
                web.send("X: y\r\n")
            except OSError:
                return True
            return server.find_line("connection ended")

        wait_until(drip, "the end of a slow sender", DEADLINE_S, 0.1)
    with Server(market, "limits.idle_for=1s") as server, Web(server.address) as web:
        web.send("GET /version HTTP/1.1\r\nHost: a\r\n")
        answer = web.receive_end()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


def test_held_answers_are_bounded(market):
    with Server(market, "limits.output_bytes=16KiB") as server:
        get(server, "/v1/quotes/IBM")
        market.hold("AAPL")
        with Web(server.address) as web:
            count = 2000
            web.send(web.compose("/v1/quotes/AAPL"))
            market.wait("held", 1)
            web.send(web.compose("/v1/quotes/IBM") * count)
            assert info(server)["waits_open"] >= 1
            market.release("AAPL")
            assert web.receive().json["symbol"] == "AAPL"
            for _ in range(count):
                assert web.receive().json["symbol"] == "IBM"


# --- Pages of others -----------------------------------------------------------------

def test_cors_is_off_until_it_is_set(server):
    answer = get(server, "/v1/quotes/IBM", Origin="https://a.example")
    assert answer["Access-Control-Allow-Origin"] is None


def test_cors_for_those_that_are_listed(market):
    with Server(market, "http.cors_origins=https://a.example http://localhost:8080") as server:
        answer = get(server, "/v1/quotes/IBM", Origin="http://localhost:8080")
        assert answer["Access-Control-Allow-Origin"] == "http://localhost:8080"
        assert ("vary", "Origin") in answer.headers
        other = get(server, "/v1/quotes/IBM", Origin="https://b.example")
        assert other["Access-Control-Allow-Origin"] is None
        asked = get(server, "/v1/quotes/IBM", "OPTIONS", Origin="https://a.example",
                    Access_Control_Request_Method="GET")
        assert asked.status == 204 and "GET" in asked["Access-Control-Allow-Methods"]
        for header in ("cache-control", "last-event-id", "x-request-id", "if-none-match"):
            # As a browser does before it sends such a header.
            asked = get(server, "/v1/quotes/IBM", "OPTIONS", Origin="https://a.example",
                        Access_Control_Request_Method="GET",
                        Access_Control_Request_Headers=header)
            allowed = asked["Access-Control-Allow-Headers"].lower().split(", ")
            assert asked.status == 204 and header in allowed
            assert asked["Access-Control-Allow-Origin"] == "https://a.example"
        refused = get(server, "/v1/quotes/IBM", "OPTIONS", Origin="https://b.example",
                      Access_Control_Request_Method="GET",
                      Access_Control_Request_Headers="cache-control")
        assert refused["Access-Control-Allow-Origin"] is None


def test_cors_for_all(market):
    with Server(market, "http.cors_origins=*") as server:
        answer = get(server, "/v1/quotes/IBM", Origin="https://a.example")
        assert answer["Access-Control-Allow-Origin"] == "*"


# --- Inside ------------------------------------------------------------------------

def test_providers_explanations_and_the_past(market, tmp_path):
    with Server(market, f"store.path={tmp_path}/quotes.db") as server:
        get(server, "/v1/quotes/IBM")
        providers = wait_until(
            lambda: [one for one in get(server, "/v1/providers").json["providers"]
                     if one["ended"].get("ok")], "a provider that has answered")
        assert providers[0]["name"] == "market" and providers[0]["standing"] == "ok"
        explained = get(server, "/v1/explain/IBM").json
        assert explained["quote"]["price"] == "137.16"
        assert explained["providers"][0]["reach"] == "serves"
        text = get(server, "/v1/explain/IBM", Accept="text/plain").text
        assert text.startswith("IBM")
        assert get(server, "/v1/explain/IBM", Accept=["image/png", "text/plain"]).text[:3] == "IBM"
        bars = wait_until(lambda: get(server, "/v1/history/IBM").json["bars"], "a price kept")
        assert (bars[0]["open"], bars[0]["close"]) == ("137.16", "137.16")
        csv = get(server, "/v1/history/IBM?format=csv&every=1h").text
        assert csv.startswith("at,open,high,low,close,count\r\n")
        assert get(server, "/v1/history/IBM?from=x").status == 400
        assert get(server, "/v1/explain/%21").json["code"] == "SYMBOL"


def test_no_past_without_a_store(server, market, tmp_path):
    answer = get(server, "/v1/history/IBM")
    assert (answer.status, answer.json["code"]) == (503, "STORE")
    assert answer.json["symbol"] == "IBM" and "set store.path" in answer.json["detail"]
    with Server(market, f"store.path={tmp_path}/quotes.db", "store.history_for=0") as other:
        assert "store.history_for is 0" in get(other, "/v1/history/IBM").json["detail"]


def test_an_outage_is_a_warning(server, market):
    assert get(server, "/livez").json == {"status": "pass"}
    assert get(server, "/readyz").json == {"status": "pass"}
    market.answer_next("*", *[{"status": 500, "body": ""}] * 20)
    get(server, "/v1/quotes?symbols=" + ",".join(f"S{i}" for i in range(20)))

    def warned():
        answer = get(server, "/readyz?verbose")
        assert answer.status == 200
        return answer.json if answer.json["status"] == "warn" else None

    checks = wait_until(warned, "a warning")["checks"]
    assert checks["accepting"] == [{"status": "pass"}]
    assert checks["providers"][0]["status"] == "warn"


def test_metrics(server):
    get(server, "/v1/quotes/IBM")
    text = get(server, "/metrics")
    assert text["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'quoted_requests_total{proto="http"' in text.text
    wanted = "application/openmetrics-text; version=1.0.0"
    for accept in (wanted, ["text/plain;q=0.1", wanted]):
        openmetrics = get(server, "/metrics", Accept=accept)
        assert openmetrics["Content-Type"].startswith("application/openmetrics-text")
        assert openmetrics.text.endswith("# EOF\n")


def test_page_is_guarded(server):
    page = get(server, "/")
    assert page.status == 200 and page["Content-Type"].startswith("text/html")
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for part in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        answer = get(server, f"/{part}")
        assert answer.status == 200, part
    assert "<style" not in page.text and not re.search(r"<script[^>]*>[^<]", page.text)
    assert get(server, "/", If_None_Match=page["ETag"]).status == 304


def test_end_is_told_before_it_comes(market):
    with Server(market, "server.leave_for=3s", "server.workers=1") as server:
        with Web(server.address) as web, Web(server.address) as other:
            assert other.get("/readyz").status == 200
            assert "connection" not in dict(web.get("/v1/quotes/IBM").headers)
            server.signal(signal.SIGTERM)
            server.wait_line("draining")
            answer = web.get("/v1/quotes/IBM")
            assert (answer.status, answer["Connection"]) == (200, "close")
            assert web.has_ended()
            told = other.get("/readyz")
            assert (told.status, told.json["status"]) == (503, "fail")
        server.wait_exit()


# --- Peers --------------------------------------------------------------------------

@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl(server):
    host, port = server.address
    url = f"http://{host}:{port}/v1/quotes/"
    done = subprocess.run(["curl", "-sS", "--fail", url + "IBM", url + "AAPL", "-I", url + "IBM"],
                          text=True, capture_output=True, check=True, timeout=60)
    assert done.stdout.count("200 OK") == 3
    done = subprocess.run(["curl", "-sS", "-w", "%{http_code} %{num_connects}\n", "-o", "/dev/null",
                           url + "IBM", "-o", "/dev/null", url + "NOPE"],
                          text=True, capture_output=True, check=True, timeout=60)
    assert done.stdout == "200 1\n404 0\n"


def test_requests(server):
    host, port = server.address
    with requests.Session() as session:
        answer = session.get(f"http://{host}:{port}/v1/quotes", params={"symbols": "IBM,AAPL"},
                             timeout=DEADLINE_S)
        assert [one["symbol"] for one in answer.json()["quotes"]] == ["IBM", "AAPL"]
        answer = session.get(f"http://{host}:{port}/v1/quotes/NOPE", timeout=DEADLINE_S)
        assert answer.status_code == 404 and answer.json()["code"] == "UNKNOWN"
        assert session.head(f"http://{host}:{port}/", timeout=DEADLINE_S).ok
        exact = session.get(f"http://{host}:{port}/v1/quotes/IBM?numbers=1", timeout=DEADLINE_S)
        assert json.loads(exact.text, parse_float=str)["price"] == "137.16"


@pytest.mark.skipif(shutil.which("wrk") is None, reason="no wrk")
def test_wrk(server):
    host, port = server.address
    url = f"http://{host}:{port}/v1/quotes/IBM"
    done = subprocess.run(["wrk", "-t1", "-c20", "-d1s", "--timeout", "30s", url], text=True,
                          capture_output=True, check=True, timeout=60)
    assert int(re.search(r"(\d+) requests in", done.stdout).group(1)) > 0
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
