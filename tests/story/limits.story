# limits.story
claim  Every text in which a provider says that the allowance is used, or the key no good,
claim  gives its error and a rest, which a reload of the same configuration does not end;
claim  another server asks once again.  A limit that is over soon is waited for.  What is
claim  remembered of a symbol is said again as it was said at first.

set fetch.wait_for=10s               # longer than a second, however late its call ends
upstream next AAPL fixture=limit_day_note.json
c1 > ask AAPL
c1 < -LIMIT AAPL: *
log given a rest*class=limit.d for=1h
signal HUP
until reloads == 1
c1 > ask AAPL
c1 < -LIMIT AAPL: *
count  upstream_limited +1, upstream.AAPL +1

again
upstream next IBM fixture=limit_minute_2018.json
c1 > ask IBM
c1 < -LIMIT IBM: *
log given a rest*class=limit.m for=1m
signal HUP
until reloads == 1
c1 > ask AAPL
c1 < -LIMIT AAPL: *
count  upstream_limited +1, upstream.IBM +1

again
upstream next TSLA fixture=limit_second.json
c1 > ask TSLA
c1 < * USD fresh
log given a rest*class=limit.s for=1s
count  upstream_limited +1, upstream_ok +1, upstream.TSLA +2

upstream next META fixture=auth_bad_key.json
c1 > ask META
c1 < -UPSTREAM META: *
log given a rest*class=auth*until its settings change
signal HUP
until reloads == 1
c1 > ask META ; ask AAPL
c1 < -UPSTREAM META: *
c1 < -UPSTREAM AAPL: *
count  upstream_failed +1, upstream.META +1, upstream.AAPL +0

again
upstream next WMT fixture=plan_premium.json
c1 > ask WMT
c1 < -NODATA WMT: market: *
c1 > ask WMT
c1 < -NODATA WMT: market: *
log given a rest*class=plan*until its settings change
signal HUP
until reloads == 1
c1 > ask WMT
c1 < -NODATA WMT: market: *
count  upstream_failed +1, upstream.WMT +1

again
upstream next DIS fixture=notice_new_words.json
c1 > ask DIS
c1 < -UPSTREAM DIS: market: *
log given a rest*class=notice for=1m
c1 > DBSIZE
c1 < :0
signal HUP
until reloads == 1
c1 > ask DIS
c1 < -UPSTREAM DIS: market: *
count  upstream_failed +1, upstream.DIS +1

again
upstream price GOOGL 189.84
c1 > ask GOOGL
c1 < 189.84 USD fresh
count  upstream_ok +1, cache_published +1
