# cut.story
claim  An answer that breaks off is none, wherever it breaks off.

upstream price AAPL 189.84
upstream price IBM 137.16
upstream next IBM truncate=0
upstream next IBM truncate=40
c1 > ask IBM
c1 < -UPSTREAM IBM: market: *
c1 > ask IBM
c1 < -UPSTREAM IBM: market: *
c1 > ask AAPL
c1 < 189.84 USD fresh
upstream next IBM truncate=150 reset  # behind the price already
c1 > ask IBM
c1 < -UPSTREAM IBM: market: *
c1 > ask IBM
c1 < 137.16 USD fresh
count  upstream_failed +3, upstream_ok +2, cache_published +2
