# max-age.story
claim  A request may demand how old a price is at most: it is answered from memory where
claim  that is so, else with a price that is fetched now, for all who demand it at once;
claim  where that fails, with the age that there is and why.
only resp

set cache.fresh_for=1h fetch.retry_after=1h
upstream price IBM 189.84
c1 > GET IBM MAXAGE 5m
c1 < 189.84
count  cache_misses +1, cache_too_old +0, upstream.IBM +1
upstream price IBM 190.10
c1 > GET IBM MAXAGE 5m ; HGET IBM price MAXAGE 5m ; HMGET IBM price state MAXAGE 5m
c1 < 189.84 times 2
c1 < [189.84 fresh]
c1 > MGET IBM ibm MAXAGE 5m ; HGETALL IBM maxage 5m
c1 < [189.84 189.84]
c1 < has symbol IBM, price 189.84, delay 0
count  cache_misses +0, cache_too_old +0, upstream.IBM +0

until HGET IBM age_ms > 200
c1 > GET IBM ; GET IBM MAXAGE 200ms
c1 < 189.84
c1 < 190.10
count  cache_misses +0, cache_too_old +1, upstream.IBM +1, cache_published +1

until HGET IBM age_ms > 200
upstream hold IBM
c2 apart from c1
c1 > GET IBM MAXAGE 200ms ; GET IBM ; HGET IBM price ; PING
c2 > MGET IBM MAXAGE 200ms
c3 > GET IBM                          # who demands nothing does not wait
c3 < 190.10
until waits_open == 2
upstream answer IBM 191
c1 < 191.00 times 3                   # nor does the price go back
c1 < +PONG
c2 < [191.00]
count  cache_too_old +2, flights_started +1, upstream.IBM +1

until HGET IBM age_ms > 200
upstream next IBM status=500 body=broken
c1 > GET IBM MAXAGE 200ms
c1 < -TOOOLD IBM: * old, at most 200 ms was asked for; market: *500*
count  cache_too_old +1, upstream.IBM +1, requests_failed +1
c1 > GET IBM MAXAGE 200ms ; MGET IBM MAXAGE 200ms ; GET IBM
c1 < -TOOOLD IBM: * old, at most 200 ms was asked for; the provider failed
c1 < [(nil)]
c1 < 191.00
count  cache_too_old +2, upstream.IBM +0

c1 > GET NOSUCH MAXAGE 5s ; GET IBM MAXAGE 5 ; GET IBM MAXAGE ; HGET IBM price MAXAGE x
c1 < -UNKNOWN NOSUCH: *
c1 < -ERR MAXAGE takes a whole number and ms, s, m, h or d, such as 250ms
c1 < -ERR wrong number of arguments for 'GET' command; behind them may be MAXAGE and a duration
c1 < -ERR MAXAGE takes *
c1 > MGET IBM MAXAGE ; MGET MAXAGE 5s ; HMGET IBM MAXAGE 5s ; HMGET IBM price MAXAGE ; HGET IBM MAXAGE
c1 < -ERR wrong number of arguments for 'MGET' command; behind them may be MAXAGE and a duration times 2
c1 < -ERR wrong number of arguments for 'HMGET' command; behind them may be MAXAGE and a duration times 2
c1 < -ERR wrong number of arguments for 'HGET' command; behind them may be MAXAGE and a duration
c1 > MGET IBM MAXAGE 5s X ; HMGET IBM price maxage 5s state ; MGET IBM MAXAGE 5s MAXAGE 6s ; MGET MAXAGE 5s IBM
c1 < -ERR MAXAGE and its duration stand last, behind all symbols or fields times 3
c1 < -ERR wrong number of arguments for 'MGET' command; behind them may be MAXAGE and a duration
count  upstream.MAXAGE +0, upstream.5S +0, upstream.X +0

c1 > MULTI ; GET IBM MAXAGE 5m ; GET IBM MAXAGE 1ms ; EXEC
c1 < +OK
c1 < +QUEUED times 2
c1 < [191.00 *TOOOLD*]
