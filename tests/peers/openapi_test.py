# SPDX-License-Identifier: Apache-2.0
"""data/openapi.json says what the server does: each path, method, status and field.

What is said is asked for; what is answered is looked up in what is said. A field, a
status or a media type that is in one and not in the other fails a test here.
"""

import json
import re

import jsonschema
import pytest
from programs import TOP, Market, Server, wait_until
from web import Web, get

DOCUMENT = json.loads((TOP / "data/openapi.json").read_text())
PATHS = DOCUMENT["paths"]
RESOLVER = jsonschema.RefResolver("", DOCUMENT)


@pytest.fixture(name="market", scope="module")
def start_market():
    with Market("--step", "0") as market:
        market.set_price("IBM", "137.1600")
        yield market


@pytest.fixture(name="server", scope="module")
def start_server(market, tmp_path_factory):
    store = tmp_path_factory.mktemp("store") / "quotes.db"
    with Server(market, "server.id=one", f"store.path={store}") as server:
        get(server, "/v1/quotes?symbols=IBM,AAPL")
        wait_until(lambda: get(server, "/v1/history/IBM").json["bars"], "a price kept")
        yield server


def target_of(path):
    """A target that a path's description says is right."""
    target = path.replace("{symbol}", "IBM")
    needed = [one["name"] for one in PATHS[path]["get"].get("parameters", [])
              if one["in"] == "query" and one.get("required")]
    return target + "".join(f"?{name}=IBM" for name in needed)


def check(path, answer):
    """An answer must be one that the description has."""
    said = PATHS[path]["get"]["responses"]
    assert str(answer.status) in said, f"{path}: {answer.status} is not described"
    contents = said[str(answer.status)].get("content", {})
    if answer.status == 304:
        return
    media = answer["Content-Type"].split(";")[0]
    assert media in contents, f"{path}: {media} is not described"
    for name in said[str(answer.status)].get("headers", {}):
        assert answer[name] is not None, f"{path} has no {name}"
    if media.endswith("json"):
        schema = contents[media]["schema"]
        jsonschema.Draft202012Validator(schema, resolver=RESOLVER).validate(
            json.loads(answer.body))


def test_the_server_serves_the_file(server):
    assert get(server, "/openapi.json").json == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_schemas_are_schemas():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_there_with_its_methods(server, path):
    target = target_of(path)
    with Web(server.address) as web:
        assert web.get(target, "OPTIONS").status == 204
        assert web.get(target, "POST").status == 405
        assert web.get(target, "HEAD").status == 200


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/v1/watch"])
def test_each_answer_is_as_it_is_described(server, path):
    for media in PATHS[path]["get"]["responses"]["200"]["content"]:
        answer = get(server, target_of(path), Accept=media)
        assert answer.status == 200 and answer["Content-Type"].startswith(media)
        check(path, answer)
        if "304" in PATHS[path]["get"]["responses"]:
            assert get(server, target_of(path), Accept=media,
                       If_None_Match=answer["ETag"]).status == 304


FAILURES = [
    ("/v1/quotes/{symbol}", "/v1/quotes/NOPE", {}),
    ("/v1/quotes/{symbol}", "/v1/quotes/!", {}),
    ("/v1/quotes/{symbol}", "/v1/quotes/%zz", {}),
    ("/v1/quotes/{symbol}", "/v1/quotes/IBM", {"Accept": "image/png"}),
    ("/v1/quotes/{symbol}", "/v1/quotes/COLD", {"Cache_Control": "only-if-cached"}),
    ("/v1/quotes", "/v1/quotes?symbols=IBM,NOPE,!", {}),
    ("/v1/quotes", "/v1/quotes?numbers=1", {}),
    ("/v1/quotes", "/v1/quotes?symbols=", {}),
    ("/v1/quotes", "/v1/quotes?limit=x", {}),
    ("/v1/quotes", "/v1/quotes?symbols=COLD", {"Cache_Control": "only-if-cached"}),
    ("/v1/watch", "/v1/watch", {}),
    ("/v1/watch", "/v1/watch?symbols=!", {}),
    ("/v1/explain/{symbol}", "/v1/explain/!", {}),
    ("/v1/explain/{symbol}", "/v1/explain/COLD", {}),
    ("/v1/explain/{symbol}", "/v1/explain/IBM", {"Accept": "text/csv"}),
    ("/v1/history/{symbol}", "/v1/history/IBM?from=x", {}),
    ("/v1/history/{symbol}", "/v1/history/!", {}),
    ("/v1/history/{symbol}", "/v1/history/IBM?numbers=1&every=1h", {}),
    ("/readyz", "/readyz?verbose", {}),
    ("/healthz", "/healthz?verbose", {}),
]


@pytest.mark.parametrize("path, target, headers", FAILURES)
def test_other_answers_are_described_too(server, path, target, headers):
    check(path, get(server, target, **headers))


def test_quote_has_the_fields_that_are_described(server):
    properties = DOCUMENT["components"]["schemas"]["Quote"]["properties"]
    columns = get(server, "/v1/quotes/IBM", Accept="text/csv").text.split("\r\n")[0]
    assert list(properties) == columns.split(",")


def test_codes_are_described():
    """Each code of the source has an entry, and no other has."""
    words = re.findall(r'ERR\(ERR_\w+,\s*-\d,\s*"(\w+)"', (TOP / "src/base/err.h").read_text())
    own = re.findall(r'\{\d+, 0, "(\w+)"', (TOP / "src/web/problem.c").read_text())
    assert words and own
    assert set(DOCUMENT["components"]["responses"]) == set(words) | set(own)


def test_paths_are_those_of_the_table():
    rows = re.findall(r'^    \{"(/[^"]*)", ', (TOP / "src/web/site.c").read_text(), re.M)
    assert rows and sorted(rows) == sorted(PATHS)
