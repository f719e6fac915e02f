# daily-limit.story
claim  When the day's allowance is used, new symbols are answered -LIMIT without a call,
claim  and prices in memory go on being answered.

provider upstream --limit 2/d
upstream price AAPL 189.84
upstream price IBM 137.16
c1 > ask AAPL ; ask IBM
c1 < 189.84 USD fresh
c1 < 137.16 USD fresh
c1 > ask MSFT
c1 < -LIMIT MSFT: market: *requests per day*
log provider is given a rest*for=1h
count  upstream_calls +3, upstream_limited +1, upstream_resting +0

c1 > ask MSFT ; ask WMT ; ask AAPL
c1 < -LIMIT MSFT: market: *not called for another *
c1 < -LIMIT WMT: market: *not called for another *
c1 < 189.84 USD fresh
count  cache_hits +1, cache_misses +2, upstream_calls +0, upstream_resting +2, upstream.total +0, requests_failed +2
