# provider-down.story
claim  A server whose provider is down starts, says what is wrong to those who ask, and
claim  after three failures asks more seldom.

provider upstream
upstream stop
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *onnect*
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *
log given a rest*class=upstream for=1s
c1 > ask AAPL
c1 < -UPSTREAM AAPL: market: *not called for another 1 s*
count  upstream_calls +3, upstream_failed +3, upstream_resting +1
upstream start
until GET AAPL > 0
log provider answers again
