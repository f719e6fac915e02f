# unknown.story
claim  A symbol that the provider does not know is answered -UNKNOWN, and believed to be
claim  unknown: the provider is not asked again.

c1 > ask NOSUCH
c1 < -UNKNOWN NOSUCH: market: *
count  cache_misses +1, upstream_calls +1, upstream_unknown +1, cache_unknowns +1, cache_quotes +0
c2 apart from c1
c1 > ask NOSUCH ; ask nosuch
c1 < -UNKNOWN NOSUCH: * times 2
c2 > ask NOSUCH
c2 < -UNKNOWN NOSUCH: *
c1 > EXISTS NOSUCH ; TTL NOSUCH ; TYPE NOSUCH ; DBSIZE
c1 < :0
c1 < :-2
c1 < +none
c1 < :0
count  cache_unknown +3, cache_misses +0, flights_started +0, upstream.NOSUCH +0
