# limits.story
claim  Every text in which a provider says that the allowance is used, or the key no good,
claim  gives its error and a rest; a reload of the configuration ends the rest.

upstream next AAPL fixture=limit_day_note.json
c1 > ask AAPL
c1 < -LIMIT AAPL: *
log given a rest*class=limit.d for=1h
signal HUP
until reloads == 1

upstream next AAPL fixture=limit_minute_2018.json
c1 > ask AAPL
c1 < -LIMIT AAPL: *
log given a rest*class=limit.m for=1m
signal HUP
until reloads == 2

upstream next AAPL fixture=limit_second.json
c1 > ask AAPL
c1 < -LIMIT AAPL: *
log given a rest*class=limit.s for=1s
signal HUP
until reloads == 3

upstream next AAPL fixture=auth_bad_key.json
c1 > ask AAPL
c1 < -UPSTREAM AAPL: *
log given a rest*class=auth*until the next reload
signal HUP
until reloads == 4

upstream next WMT fixture=plan_premium.json
c1 > ask WMT
c1 < -NODATA WMT: market: *
log given a rest*class=plan*until the next reload
signal HUP
until reloads == 5

upstream next AAPL fixture=notice_new_words.json
c1 > ask AAPL
c1 < -UPSTREAM AAPL: *
log given a rest*class=notice for=1m
c1 > DBSIZE
c1 < :0
signal HUP
until reloads == 6

upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD fresh
count  upstream_limited +3, upstream_failed +3, upstream_ok +1, upstream.AAPL +6, upstream.WMT +1, cache_published +1
