# SPDX-License-Identifier: Apache-2.0
"""In which currency and unit a price is, where providers do not say it, or say it wrong."""

import json

import pytest
from programs import Server, read_info, wait_until
from stub import Stub

SYMBOL = "TSCO.XLON"


class Provider:
    """What a provider answers: a price in a currency, or that it has none."""

    def __init__(self, price, currency=None):
        self.price = price
        self.currency = currency
        self.has_none = False

    def twelvedata(self, call):
        """As Twelve Data does."""
        self._answer(call, {"symbol": "TSCO", "mic_code": "XLON", "currency": self.currency,
                            "close": str(self.price)})

    def yahoo(self, call):
        """As Yahoo's charts do."""
        self._answer(call, {"chart": {"result": [{"meta": {
            "currency": self.currency, "symbol": "TSCO.L",
            "regularMarketPrice": self.price}}], "error": None}})

    def alphavantage(self, call):
        """As Alpha Vantage does, who states no currency."""
        self._answer(call, {"Global Quote": {"01. symbol": "TSCO.LON",
                                             "05. price": str(self.price)}})

    def _answer(self, call, body):
        if self.has_none:
            call.answer("{}", 404)
        else:
            call.answer(json.dumps(body))


@pytest.fixture(name="settings")
def fixture_settings(tmp_path):
    """London is open whenever the test runs, and a price is soon stale."""
    (tmp_path / "open.yaml").write_text("markets: [XLON]\nhours: always\n")
    return [f"calendars={tmp_path / 'open.yaml'}", "cache.fresh_for=100ms",
            "fetch.retry_after=100ms"]


def fields_of(client):
    reply = client.ask("HGETALL", SYMBOL)
    assert isinstance(reply, list), reply
    return dict(zip(reply[::2], reply[1::2]))


def test_names_file_says_what_the_provider_does_not(settings, tmp_path):
    """Pence by the names file are pounds, exactly, with the factor."""
    names = tmp_path / "names.csv"
    names.write_text(f"symbol,name,currency\n{SYMBOL},Tesco,GBX\n")
    provider = Provider("408.55")
    with Stub(provider.alphavantage, provider="alphavantage") as stub, \
            Server(stub, *settings) as server, server.connect() as client:
        fields = fields_of(client)
        assert (fields["price"], fields.get("currency")) == ("408.55", None)
    with Stub(provider.alphavantage, provider="alphavantage") as stub, \
            Server(stub, *settings, f"names={names}") as server, server.connect() as client:
        fields = fields_of(client)
        assert (fields["price"], fields["currency"]) == ("4.0855", "GBP")


def test_price_in_another_unit_is_refused(settings):
    """The first says pence; while it has no price, the second takes them for pounds."""
    first, second = Provider("408.5", "GBp"), Provider(409.5, "GBP")
    with Stub(first.twelvedata, provider="twelvedata") as one, \
            Stub(second.yahoo, provider="yahoo") as two, \
            Server([one, two], *settings) as server, server.connect() as client:

        def count():
            return read_info(client.ask("INFO", "stats"))["upstream_other_unit"]

        fields = fields_of(client)
        assert (fields["price"], fields["currency"]) == ("4.085", "GBP")
        first.has_none = True
        # Each look asks for a refresh, once the price is stale.
        wait_until(lambda: client.ask("GET", SYMBOL) == "4.085" and two.count() == 1,
                   "the second was not asked")
        wait_until(lambda: count() == 1, "its price was not refused")
        assert server.wait_line("a price in another unit than before is refused.*"
                                "provider=yahoo price=\"409.50 GBP\" before=twelvedata "
                                r"its=\"4.085 GBP \(sent in hundredths\)\"")
        assert "another unit" in client.ask("EXPLAIN", SYMBOL)
        # It is not asked again for a while, and what there is is served, stale.
        calls = one.count()
        wait_until(lambda: client.ask("GET", SYMBOL) == "4.085" and one.count() > calls,
                   "the first was not asked again")
        assert two.count() == 1
        fields = fields_of(client)
        assert (fields["price"], fields["source"], fields["state"]) == \
            ("4.085", "twelvedata", "stale")
        # Nobody has a young one: that is said, and why.
        wait_until(lambda: "409.50 GBP is in another unit" in
                   client.ask("GET", SYMBOL, "MAXAGE", "1ms"), "the reason was not told")
        first.price, first.has_none = "410", False
        wait_until(lambda: client.ask("GET", SYMBOL) == "4.10", "the first's price")


def test_provider_that_stands_first_is_believed(settings):
    """What the second had said first gives way."""
    first, second = Provider("408.5", "GBp"), Provider(408.5, "GBP")
    first.has_none = True
    with Stub(first.twelvedata, provider="twelvedata") as one, \
            Stub(second.yahoo, provider="yahoo") as two, \
            Server([one, two], *settings) as server, server.connect() as client:
        assert client.ask("GET", SYMBOL) == "408.50"
        first.has_none = False
        wait_until(lambda: client.ask("GET", SYMBOL) == "4.085", "the first's price")
        assert server.wait_line("a price takes the place of one in another unit")
        assert read_info(client.ask("INFO", "stats"))["upstream_other_unit"] == 0
