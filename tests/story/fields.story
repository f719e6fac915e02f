# fields.story
claim  HGETALL gives every field that is known: pairs in RESP 2, a map in RESP 3; HGET and
claim  HMGET give some of them.
only resp

set server.id=one
upstream next IBM fixture=ok.json
c1 > HGETALL IBM
c1 < [symbol IBM name IBM price 312.42 currency USD open * high * low * previous_close 306.77 change * change_percent * volume * as_of 2025-11-06* fetched 20*Z age_ms * state fresh delay 0 source market server one]
c1 > HELLO 3
c1 < {server quoted, version *, proto :3, id :*, mode standalone, role master, modules []}
c1 > HGETALL IBM ; HGETALL NOSUCH
c1 < {symbol IBM, name IBM, price 312.42, currency USD, *, source market, server one}
c1 < -UNKNOWN NOSUCH: *
c1 > HGET IBM price ; HGET IBM Previous_Close ; HGET IBM nothing ; HMGET IBM symbol nothing state
c1 < 312.42
c1 < 306.77
c1 < (null)
c1 < [IBM (null) fresh]
c1 > HELLO 2
c1 < [server quoted version * proto :2 *]
c1 > HGET IBM nothing ; HELLO 4 ; GET IBM
c1 < (nil)
c1 < -NOPROTO *
c1 < 312.42
count  upstream.IBM +1, cache_hits +7
