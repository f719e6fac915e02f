# provider-restarted.story
claim  A provider that goes away and comes back costs errors for as long as it is away, and
claim  nothing has to be restarted.

set cache.fresh_for=100ms fetch.retry_after=100ms
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
upstream stop
c1 > ask IBM
c1 < -UPSTREAM IBM: market: *
until PTTL AAPL == :0
c1 > ask AAPL
c1 < 189.84 USD stale
until upstream_failed >= 2
upstream start
upstream price AAPL 190.00
upstream price IBM 137.16
until HGET AAPL price == 190.00
until GET IBM == 137.16
