# held-age.story
claim  A reply that says how old a quote is says so as it leaves, also when it was held
claim  behind a request that had to wait.
only resp

set cache.fresh_for=500ms
upstream price IBM 189.84
upstream price AAPL 172.88
c1 > HGET IBM state
c1 < *                               # fresh, unless it took that long to come
upstream hold *                      # IBM too, which is refreshed ahead
c1 > GET AAPL ; HGET IBM state ; GET IBM ; HMGET IBM state price
until waits_open == 1
until PTTL IBM == :0                 # it was fresh when it was asked for
upstream release AAPL
c1 < 172.88
c1 < stale
c1 < 189.84
c1 < [stale 189.84]
