# warm.story
claim  A fresh price is answered from memory, whoever asks and under whichever of its
claim  names: the provider is not asked again.

upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD fresh
count  cache_misses +1, upstream_calls +1

upstream price AAPL 200.00
c1 > ask AAPL ; ask aapl ; ask " Apple " ; ask "apple inc."
c1 < 189.84 USD fresh times 4
c2 apart from c1
c2 > ask AAPL
c2 < 189.84 USD fresh
c1 > PING
c1 < +PONG
count  cache_hits +1, cache_misses +0, flights_started +0, upstream_calls +0, upstream.AAPL +0
