# cold.story
claim  The first request for a symbol asks the provider, once, and answers its price.

upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD fresh
count  cache_misses +1, flights_started +1, upstream_calls +1, upstream_ok +1, upstream.AAPL +1
