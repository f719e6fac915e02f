# connections.story
claim  Above limits.connections a client is told so and closed; when another one leaves
claim  there is room again.

set limits.connections=3
c1 > PING
c1 < +PONG
c2 > PING
c2 < +PONG
c3 << "-OVERLOADED limits.connections is reached\r\n"
count  connections_accepted +3, connections_refused +1, connections_open +2, requests +2
c1 > PING
c1 < +PONG
c1 close
until connections_open == 2
c4 > PING
c4 < +PONG
c2 > PING
c2 < +PONG
