# stale-failed.story
claim  When the refresh of a stale price fails, the price stays, labelled stale, and the
claim  provider is left alone for a while.

set cache.fresh_for=100ms fetch.warm_for=0 fetch.retry_after=1h
upstream price AAPL 189.84
upstream price IBM 137.16
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
until PTTL AAPL == :0
count  cache_published +1

upstream next AAPL status=500 body=broken
c1 > ask AAPL
c1 < 189.84 USD stale
until upstream_failed == 1
count  cache_stale +1, upstream_calls +1, cache_published +0, requests_failed +0
c1 > ask AAPL ; ask AAPL ; EXISTS AAPL
c1 < 189.84 USD stale times 2
c1 < :1
c1 > ask IBM                         # behind which nothing else is on its way
c1 < 137.16 USD *
count  cache_stale +2, upstream.AAPL +0, upstream.IBM +1, flights_started +1
