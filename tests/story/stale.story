# stale.story
claim  A stale price is answered at once and labelled, while one call behind it brings
claim  the next price, however many ask meanwhile.

set cache.fresh_for=100ms fetch.warm_for=0
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
c2 apart from c1
until PTTL AAPL == :0

upstream hold AAPL
c1 > ask AAPL ; ask AAPL
c1 < 189.84 USD stale times 2
until upstream.held == 1
c2 > ask AAPL
c2 < 189.84 USD stale
until flights_joined == 1
count  cache_stale +3, cache_misses +0, flights_started +1, upstream_calls +1, waits_open +0, cache_published +0

upstream answer AAPL 190.00
until HGET AAPL price == 190.00
