# limits.story
claim  Every text in which a provider says that the allowance is used, or the key no good,
claim  gives its error and a rest; a reload of the configuration ends the rest.  A limit
claim  that is over soon is waited for, and what was wanted under a longer one is fetched
claim  when it is over, for whoever asks next.

upstream next AAPL fixture=limit_day_note.json
c1 > ask AAPL
c1 < -LIMIT AAPL: *
log given a rest*class=limit.d for=1h
signal HUP
until reloads == 1
until upstream_ok == 1
c1 > ask AAPL
c1 < * USD fresh

upstream next IBM fixture=limit_minute_2018.json
c1 > ask IBM
c1 < -LIMIT IBM: *
log given a rest*class=limit.m for=1m
signal HUP
until reloads == 2
until upstream_ok == 2

upstream next TSLA fixture=limit_second.json
c1 > ask TSLA
c1 < * USD fresh
log given a rest*class=limit.s for=1s

upstream next META fixture=auth_bad_key.json
c1 > ask META
c1 < -UPSTREAM META: *
log given a rest*class=auth*until the next reload
signal HUP
until reloads == 3

upstream next WMT fixture=plan_premium.json
c1 > ask WMT
c1 < -NODATA WMT: market: *
log given a rest*class=plan*until the next reload
signal HUP
until reloads == 4

upstream next DIS fixture=notice_new_words.json
c1 > ask DIS
c1 < -UPSTREAM DIS: market: *
log given a rest*class=notice for=1m
c1 > DBSIZE
c1 < :3
signal HUP
until reloads == 5

upstream price GOOGL 189.84
c1 > ask GOOGL
c1 < 189.84 USD fresh
count  upstream_limited +3, upstream_failed +3, upstream_ok +4, upstream.AAPL +2, upstream.IBM +2, upstream.TSLA +2, upstream.WMT +1, cache_published +4
