# sigterm-twice.story
claim  Told twice to end, the server cuts what it would have waited for.

upstream next AAPL hang
c1 > ask AAPL
until upstream.in_flight == 1
signal INT
log draining
signal TERM
c1 closed
exits 0
