# unknown-after-known.story
claim  A provider that says it does not know a symbol any more takes no good price away.

set cache.fresh_for=100ms fetch.warm_for=0
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD *                   # fresh, unless it took that long to come
until PTTL AAPL == :0
count  cache_published +1
upstream next AAPL class=unknown
c1 > ask AAPL
c1 < 189.84 USD stale
until upstream_unknown == 1
c1 > ask AAPL ; EXISTS AAPL ; ask IBM
c1 < 189.84 USD stale
c1 < :1
c1 < * USD *
count  cache_stale +2, cache_unknowns +0, cache_quotes +1, upstream.AAPL +1, upstream_unknown +1
