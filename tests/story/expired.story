# expired.story
claim  A price older than cache.stale_for is not answered any more: requests wait for the
claim  provider, and get its error when it fails.

set cache.fresh_for=100ms fetch.warm_for=0 cache.stale_for=0
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
until EXISTS AAPL == :0
upstream next AAPL status=500 body=broken
c1 > ask AAPL
c1 < -UPSTREAM AAPL: *
upstream price AAPL 190.00
c1 > ask AAPL
c1 < 190.00 USD *
count  cache_stale +0, cache_misses +3, upstream.AAPL +3
