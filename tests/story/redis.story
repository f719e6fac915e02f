# redis.story
claim  What Redis' own tools send before and around their requests is answered.
only resp

set server.id=one
upstream price IBM 137.16
c1 > HELLO 2 SETNAME dashboard ; CLIENT GETNAME ; CLIENT SETINFO LIB-NAME lib ; CLIENT ID ; CLIENT LIST
c1 < has server quoted, proto :2
c1 < dashboard
c1 < +OK
c1 < > 0
c1 < *name=dashboard*
c1 > SELECT 0 ; ECHO a ; PING hello ; RESET ; CLIENT GETNAME ; TIME ; COMMAND COUNT ; COMMAND DOCS GET
c1 < +OK
c1 < a
c1 < hello
c1 < +RESET
c1 < (nil)
c1 < [17* *]
c1 < > 20
c1 < [get [summary *]]
c1 > GET IBM
c1 < 137.16
c1 > TYPE IBM ; DBSIZE ; SCAN 0 ; SCAN 0 MATCH x* ; PTTL IBM ; TTL NOSUCH ; CONFIG GET cache.fresh*
c1 < +hash
c1 < :1
c1 < [0 [IBM]]
c1 < [0 []]
c1 < > 50000
c1 < :-2
c1 < [cache.fresh_for 1m]
c1 > INFO server ; INFO keyspace ; INFO nonsense ; QUIT
c1 < *server_id:one*workers:2*draining:0*
c1 < *db0:keys=1*
c1 < ""
c1 < +OK
c1 closed
