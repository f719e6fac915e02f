# no-price.story
claim  A price that is no number, or none that can be traded at, never becomes one; and
claim  one that is a price keeps every digit.

set cache.unknown_for=100ms
upstream next IBM fixture=price_letters.json
upstream next IBM fixture=price_comma_decimal.json
c1 > ask IBM
c1 < -UPSTREAM IBM: *
c1 > ask IBM
c1 < -UPSTREAM IBM: *
upstream next IBM fixture=unknown_price_negative.json
c1 > ask IBM
c1 < -UNKNOWN IBM: *
count  upstream_failed +2, upstream_unknown +1, cache_published +0, cache_quotes +0
upstream next IBM fixture=ok_exact_small.json
until GET IBM == 0.000012345678
count  cache_published +1
