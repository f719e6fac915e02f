# tongues.story
claim  Each protocol is answered in its own words on the same port; what breaks one is
claim  told so, or closed, at once, and the others are not disturbed.

c1 >> "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
c1 << "HTTP/1.1 200 OK\r\n*quoted*"
c2 >> "\x00\xff\xff\xff\x00"       # RPyC, and 16 MiB of it
c2 closed
c3 >> "OPTIONS * HTTP/1.1\r\n\r\n"
c3 << "HTTP/1.1 400 *"      # without a Host
c4 >> "P"                            # not told yet which it is
c5 > PING
c5 < +PONG
c4 >> "ING\r\n"
c4 < +PONG
count  connections_cut +2, requests +3
