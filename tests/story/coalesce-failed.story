# coalesce-failed.story
claim  When the one call for many fails, each of them gets the error; the next request
claim  tries again.

c2 apart from c1
upstream hold AAPL
upstream next AAPL status=503 body=down
c1 > ask AAPL ; ask AAPL
c2 > ask AAPL
until waits_open == 3
until flights_joined == 1
upstream release AAPL
c1 < -UPSTREAM AAPL: market: * times 2
c2 < -UPSTREAM AAPL: market: *
count  cache_misses +3, flights_started +1, upstream_calls +1, upstream_failed +1, waits_open +0, requests_failed +3, cache_published +0

upstream price AAPL 189.84
c2 > ask AAPL
c2 < 189.84 USD fresh
count  cache_misses +1, flights_started +1, upstream.AAPL +1, upstream_ok +1
