# multi.story
claim  Commands between MULTI and EXEC are fetched together and answered in one array, as
claim  the pipelines of client libraries expect.
only resp

upstream price AAPL 1
upstream price IBM 3
upstream hold *
c1 > MULTI ; GET AAPL ; GET IBM ; PING ; EXEC ; ECHO end
c1 < +OK
c1 < +QUEUED times 3
until upstream.held == 2
upstream release IBM
until cache_published == 1
upstream release *
c1 < [1.00 3.00 +PONG]
c1 < end
c1 > MULTI ; GET NOSUCH ; GET IBM ; EXEC ; MULTI ; GET AAPL ; DISCARD ; MULTI ; NOSUCH x ; EXEC ; EXEC
c1 < +OK
c1 < +QUEUED times 2
c1 < [-UNKNOWN NOSUCH: * 3.00]
c1 < +OK
c1 < +QUEUED
c1 < +OK
c1 < +OK
c1 < -ERR unknown command *
c1 < -EXECABORT *
c1 < -ERR EXEC without MULTI
count  upstream_calls +3, waits_open +0
# Gone in the middle: nothing is left.
upstream hold MSFT
c2 > MULTI ; GET MSFT ; EXEC ; MULTI ; GET MSFT
c2 < +OK
c2 < +QUEUED
until waits_open == 1
c2 reset
until waits_open == 0
