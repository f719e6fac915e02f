# full.story
claim  A full cache drops what was asked for least recently, never holds more than
claim  cache.symbols_max, and a flood of symbols that do not exist pushes out no price.

provider upstream --invent
set cache.symbols_max=100
c1 > GET H{n} times 50
c1 < * times 50
c1 > GET C{n} times 50
c1 < * times 50
c1 > DBSIZE
c1 < :100
count  cache_quotes +100, cache_evicted +0

# The stamps by which the cache knows are of whole seconds, so that one has to be between
# the last of these and what follows.
until HGET C50 age_ms > 1500
c1 > GET H{n} times 50
c1 < * times 50
c1 > GET N{n} times 20
c1 < * times 20
c1 > DBSIZE
c1 < :100
count  cache_evicted +20, cache_quotes +0
c1 > EXISTS H1 H2 H3 H4 H5 H6 H7 H8 H9 H10 H11 H12 H13 H14 H15 H16 H17 H18 H19 H20 H21 H22 H23 H24 H25 H26 H27 H28 H29 H30 H31 H32 H33 H34 H35 H36 H37 H38 H39 H40 H41 H42 H43 H44 H45 H46 H47 H48 H49 H50
c1 < >= 45                           # it is an approximation: ten are compared at a time

c1 > GET NO-SUCH-{n} times 300
c1 < -UNKNOWN NO-SUCH-{n}: * times 300
c1 > DBSIZE
c1 < :100
count  cache_quotes +0, cache_unknowns +13, cache_evicted +287, upstream_unknown +300
