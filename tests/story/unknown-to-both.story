# unknown-to-both.story
claim  A symbol is unknown when every provider says so.

provider upstream
provider backup
upstream price AAPL 189.84
backup price ONLY.HERE 5
c1 > ask NOSUCH ; ask ONLY.HERE
c1 < -UNKNOWN NOSUCH: *
c1 < 5.00 - *
count  upstream_unknown +3, upstream_ok +1, cache_unknowns +1
backup next SOME status=500 body=broken
c1 > ask SOME
c1 < -UPSTREAM SOME: alphavantage: *
count  upstream_unknown +1, upstream_failed +1, cache_unknowns +0
