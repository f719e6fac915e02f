# turns.story
claim  Above fetch.calls_max calls wait their turn; above fetch.flights_max requests are
claim  told that there is too much to do.

set fetch.calls_max=1 fetch.flights_max=2
c2 apart from c1
upstream price AAPL 189.84
upstream price IBM 137.16
upstream hold *
c1 > ask AAPL ; ask IBM ; ask MSFT
until flights_refused == 1
until upstream.held == 1
count  flights_started +2, upstream_calls +1, flights_open +2
c2 > ask AAPL ; ask WMT              # who joins a flight takes no room
until flights_refused == 2
upstream release *
c1 < 189.84 USD fresh
c1 < 137.16 USD fresh
c1 < -OVERLOADED MSFT: fetch.flights_max is reached
c2 < 189.84 USD fresh
c2 < -OVERLOADED WMT: *
count  upstream_calls +1, flights_open -2, flights_started +0, flights_joined +1, upstream.total +1, upstream.MSFT +0
upstream price MSFT 400
c1 > ask MSFT
c1 < 400.00 USD fresh
