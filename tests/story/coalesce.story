# coalesce.story
claim  Two clients on two workers ask for one cold symbol: the provider is asked once,
claim  and both get the answer.

c2 apart from c1
upstream hold AAPL
c1 > ask AAPL
until upstream.held == 1
c2 > ask AAPL
until flights_joined == 1            # c2's worker has joined; nobody slept
until waits_open == 2
upstream answer AAPL 189.84
c1 < 189.84 USD fresh
c2 < 189.84 USD fresh
count  cache_misses +2, flights_started +1, flights_joined +1, waits_open +0, cache_published +1
count  upstream_calls +0, flights_open +0

c2 > ask AAPL
c2 < 189.84 USD fresh
count  cache_hits +1, upstream.AAPL +0
