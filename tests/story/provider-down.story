# provider-down.story
claim  A server whose provider is down starts, says what is wrong to those who ask, and
claim  after three failures asks more seldom: one call a rest, to see whether it is back.

set fetch.wait_for=1100ms              # longer than the first rest, much shorter than the next
provider upstream
upstream stop
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *onnect*
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *
log given a rest*class=upstream for=1s
# This one waits for the end of the rest, and the next would wait too long.
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *
log given a rest*class=upstream for=2s
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *not called for another 2 s*
count  upstream_calls +4, upstream_failed +4, upstream_resting +1
upstream start
until GET AAPL > 0
log provider answers again
