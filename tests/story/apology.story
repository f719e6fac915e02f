# apology.story
claim  What a provider answers with status 200 and is no price never becomes one.

upstream next AAPL class=unknown
c1 > ask AAPL
c1 < -UNKNOWN AAPL: *

upstream next IBM class=bad_call
c1 > ask IBM
c1 < -UNKNOWN IBM: *

upstream next DIS class=bad_function
c1 > ask DIS ; ask DIS               # and what is wrong is not asked again at once
c1 < -NODATA DIS: * times 2
until upstream.DIS == 1

# Two failures in a row are borne; a third would bring the provider a rest.
upstream next MSFT fixture=page.html
upstream next MSFT fixture=cut_off.json
c1 > ask MSFT
c1 < -UPSTREAM MSFT: *
c1 > ask MSFT
c1 < -UPSTREAM MSFT: *
c1 > ask NOSUCH
c1 < -UNKNOWN NOSUCH: *

upstream next MSFT fixture=ok.json
upstream next MSFT fixture=no_body
c1 > ask MSFT                        # a price, but IBM's
c1 < -UPSTREAM MSFT: *
c1 > ask MSFT
c1 < -UPSTREAM MSFT: *
c1 > ask NOSUCH.TOO
c1 < -UNKNOWN NOSUCH.TOO: *

# Words that mean nothing to us; they bring a rest, which the reload ends.
upstream next TSLA class=empty
c1 > ask TSLA
c1 < -UPSTREAM TSLA: market: {}
signal HUP
until reloads == 1
count  upstream_failed +6, upstream_unknown +4, upstream_ok +0, cache_published +0, upstream_resting +0
c1 > DBSIZE
c1 < :0
