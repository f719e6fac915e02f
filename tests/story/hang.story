# hang.story
claim  A provider that does not answer costs those who ask for that symbol its timeout,
claim  and nobody else anything.

set providers.0.timeout=2s
upstream price AAPL 189.84
upstream next IBM hang
c1 > ask IBM ; PING
until upstream.in_flight == 1
c2 > ask AAPL ; ask AAPL
c2 < 189.84 USD fresh times 2
c1 < -UPSTREAM IBM: market: *imeout*
c1 < +PONG
count  upstream_calls +2, upstream_ok +1, upstream_failed +1, waits_open +0, flights_open +0
until upstream.in_flight == 0        # the call was ended, not left alone
upstream price IBM 137.16
c1 > ask IBM
c1 < 137.16 USD fresh
