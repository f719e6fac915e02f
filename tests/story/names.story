# names.story
claim  Company names and aliases work wherever a symbol does, in any case and with space
claim  around them.
only resp

upstream price GOOGL 135.6
upstream price DIS 82.65
c1 > GET Google ; GET "  walt disney co " ; HGET alphabet symbol ; HGET disney name
c1 < 135.60
c1 < 82.65
c1 < GOOGL
c1 < Walt Disney Co
c1 > EXISTS Google DISNEY dis nobody ; TYPE google ; TTL google ; MGET google GOOGL goog
c1 < :3
c1 < +hash
c1 < > 0
c1 < [135.60 135.60 (nil)]
count  cache_misses +5, cache_hits +2, upstream.GOOGL +1, upstream.DIS +1, upstream.GOOG +1
