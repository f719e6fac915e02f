# idle.story
claim  A connection that is silent for limits.idle_for is closed, one that waits for a price
claim  is not.

set limits.idle_for=1s
upstream hold AAPL
c1 > ask AAPL
c2 > PING
c2 < +PONG
c2 closed
until connections_idle_ended >= 1     # our own that looks may be another
upstream answer AAPL 189.84
c1 < 189.84 USD fresh
