# client-gone.story
claim  Clients that go away while they wait leave nothing behind, and the price that they
claim  asked for is kept for others.

upstream hold AAPL
c1 > ask AAPL ; ask AAPL ; PING
c2 > ask AAPL
c3 > ask AAPL
c4 > ask AAPL
until waits_open == 5
c2 reset
until waits_open == 4
c1 reset
until waits_open == 2
c3 fin                               # as `printf 'GET AAPL\r\n' | nc` does
c4 close
upstream answer AAPL 189.84
c3 < 189.84 USD fresh
c3 closed
until connections_open == 1          # our own, which looks
until waits_open == 0
c5 > ask AAPL
c5 < 189.84 USD fresh
count  cache_misses +5, cache_published +1, cache_hits +1, upstream.AAPL +1, connections_cut +0
