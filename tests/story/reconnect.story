# reconnect.story
claim  The connection to the provider is used again, call after call; when the provider
claim  has reset it, the call is made on another one and nobody sees an error.

upstream price AAPL 189.84
upstream price IBM 137.16
upstream price MSFT 400
c1 > ask AAPL
c1 < 189.84 USD fresh
c1 > ask IBM
c1 < 137.16 USD fresh
c1 > ask MSFT
c1 < 400.00 USD fresh
count  upstream_calls +3, upstream.total +3, upstream.connections +1

# Several times: whether the reset is seen with the answer or instead of it is chance.
upstream next WMT reset
c1 > ask WMT
c1 < * USD fresh
upstream next TSLA reset
c1 > ask TSLA
c1 < * USD fresh
upstream next META reset
c1 > ask META
c1 < * USD fresh
upstream next AMZN reset
c1 > ask AMZN
c1 < * USD fresh
upstream next GOOGL reset
c1 > ask GOOGL
c1 < * USD fresh
upstream next ADRNY reset
c1 > ask ADRNY
c1 < * USD fresh
count  upstream_calls +12, upstream_ok +6, upstream_failed +0, upstream.total +12, upstream.connections +6

# On a connection that never worked it is a failure.
upstream next DIS reset repeat=2
c1 > ask DIS
c1 < -UPSTREAM DIS: market: *
count  upstream_calls +2, upstream_failed +1, upstream.DIS +2
