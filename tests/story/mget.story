# mget.story
claim  MGET fetches what is missing together, and is null where there is no price.
only resp

upstream price AAPL 189.84
upstream price MSFT 400
upstream price IBM 137.1600
upstream hold *
c1 > MGET AAPL NOSUCH MSFT "no symbol!" aapl
until upstream.held == 3
upstream release *
c1 < [189.84 (nil) 400.00 (nil) 189.84]
count  requests +1, upstream_calls +3, flights_started +3, cache_misses +4, waits_open +0, requests_failed +0
c1 > HELLO 3
c1 < has proto :3
c1 > MGET NOSUCH AAPL IBM
c1 < [(null) 189.84 137.16]
count  upstream_calls +1, cache_unknown +1, cache_hits +1, cache_misses +1
