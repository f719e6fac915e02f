# redirect.story
claim  The server goes nowhere because a provider sends it there: the call holds the key.

upstream price IBM 137.16
upstream next IBM status=302 location=${upstream}/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=x
upstream next IBM status=301 location=/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=x
c1 > ask IBM
c1 < -UPSTREAM IBM: market: HTTP status 302*
c1 > ask IBM
c1 < -UPSTREAM IBM: market: HTTP status 301*
count  upstream_calls +2, upstream.IBM +2
c1 > ask IBM
c1 < 137.16 USD fresh
