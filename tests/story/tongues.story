# tongues.story
claim  A client that speaks what the server does not is told so in its own protocol, or
claim  closed, at once; other protocols on the same port are not disturbed.

c1 >> "GET /v1/quotes/IBM HTTP/1.1\r\nHost: localhost\r\n\r\n"
c1 << "HTTP/1.1 501 Not Implemented\r\n*redis-cli*"
c2 >> "\x00\xff\xff\xff\x00"       # RPyC, and 16 MiB of it
c2 closed
c3 >> "OPTIONS * HTTP/1.1\r\n\r\n"
c3 << "HTTP/1.1 501 *"
c4 >> "P"                            # not told yet which it is
c5 > PING
c5 < +PONG
c4 >> "ING\r\n"
c4 < +PONG
count  connections_cut +3, requests +2
