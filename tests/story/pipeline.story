# pipeline.story
claim  Pipelined requests that miss are fetched at once, and answered in their order
claim  whatever the order in which the provider answers.
only resp

upstream price AAPL 1
upstream price MSFT 2
upstream price IBM 3
upstream hold *
c1 > GET AAPL ; GET MSFT ; PING ; GET IBM ; MGET IBM AAPL ; ECHO end
until upstream.held == 3
count  cache_misses +5, flights_started +3, waits_open +5
upstream release IBM
until cache_published == 1
upstream release AAPL
c1 < 1.00
until cache_published == 2
until waits_open == 1
upstream release MSFT
c1 < 2.00
c1 < +PONG
c1 < 3.00
c1 < [3.00 1.00]
c1 < end
count  cache_published +3, upstream_calls +0, waits_open -5
