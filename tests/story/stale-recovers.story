# stale-recovers.story
claim  A stale price whose refresh failed is fetched again after fetch.retry_after.

set cache.fresh_for=100ms fetch.warm_for=0 fetch.retry_after=100ms
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
until PTTL AAPL == :0
upstream next AAPL status=500 body=broken
upstream price AAPL 190.00
c1 > ask AAPL
c1 < 189.84 USD stale
until upstream_failed == 1
until HGET AAPL price == 190.00
