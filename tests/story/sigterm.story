# sigterm.story
claim  Told to end, the server accepts nobody more, answers what was asked, and ends.

upstream hold AAPL
c1 > ask AAPL ; PING
c2 > PING
c2 < +PONG
until upstream.held == 1
signal TERM
log draining
c2 closed
c3 refused
upstream answer AAPL 189.84
c1 < 189.84 USD fresh
c1 < +PONG
c1 closed
exits 0
log msg=ended
