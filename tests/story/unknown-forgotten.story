# unknown-forgotten.story
claim  After cache.unknown_for an unknown symbol is asked about again, so a new listing
claim  appears by itself.

set cache.unknown_for=100ms
c1 > ask NEWCO
c1 < -UNKNOWN NEWCO: *
upstream price NEWCO 12.00
until GET NEWCO == 12.00
count  upstream_ok +1, upstream_unknown +1, upstream.NEWCO +2, cache_unknowns +0, cache_quotes +1
