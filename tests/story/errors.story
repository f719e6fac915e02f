# errors.story
claim  An error says in its first word what kind it is, then names the symbol and the
claim  cause; the connection goes on.
only resp

upstream next DIS status=502 body=<html>
c1 > GET NOSUCH ; GET "what is this?" ; GET DIS ; HGET NOSUCH price
c1 < -UNKNOWN NOSUCH: market: *
c1 < -SYMBOL what is this?: this is neither a name nor a symbol*
c1 < -UPSTREAM DIS: market: HTTP status 502*
c1 < -UNKNOWN NOSUCH: *
c1 >> "*2\r\n$3\r\nGET\r\n$9\r\nAAPL\r\n+OK\r\n"
c1 > GET "" ; GET 123456789012345678901234567890123
c1 < -SYMBOL AAPL??+OK: *
c1 < -SYMBOL : *
c1 < -SYMBOL 12345678901234567890123456789012: *
c1 > SET IBM 1 ; GET ; GET a b ; xy ; CLIENT KILL ; CONFIG SET a b ; SELECT 1 ; AUTH x ; PING
c1 < -ERR unknown command 'SET'*
c1 < -ERR wrong number of arguments for 'GET'*
c1 < -ERR wrong number of arguments for 'GET'*
c1 < -ERR unknown command*
c1 < -ERR *CLIENT KILL*
c1 < -ERR *CONFIG SET*
c1 < -ERR *
c1 < -ERR *
c1 < +PONG
count  requests +16, requests_failed +15, cache_misses +3, cache_unknown +0, upstream_calls +2
