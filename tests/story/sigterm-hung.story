# sigterm-hung.story
claim  Told to end while the provider hangs, the server says so to those who wait, and ends
claim  within five seconds.

c2 apart from c1
upstream next AAPL hang
upstream hold IBM
c1 > ask AAPL ; ask IBM
c2 > ask AAPL
until waits_open == 3
signal TERM
c1 < -DRAINING AAPL: *
c1 < -DRAINING IBM: *
c1 closed
c2 < -DRAINING AAPL: *
c2 closed
exits 0
