# failover.story
claim  With two providers the second is asked where the first has no price, and while the
claim  first is resting only the second is asked.

provider upstream --limit 1/d
provider backup
upstream price AAPL 189.84
backup price AAPL 1
backup price MSFT 400
backup price IBM 137.16
c1 > ask AAPL
c1 < 189.84 USD fresh
count  upstream.total +1, backup.total +0
c1 > ask MSFT
c1 < 400.00 USD *
count  upstream.total +1, backup.total +1, upstream_limited +1, upstream_ok +1, upstream_calls +2
c1 > ask IBM
c1 < 137.16 USD *
c1 > HGET IBM source
c1 < alphavantage
count  upstream.total +0, backup.total +1, upstream_resting +1, upstream_calls +1

# What both do not have: the failure that says more is told.
backup next DIS status=500 body=broken
c1 > ask NOSUCH ; ask DIS
c1 < -LIMIT NOSUCH: market: *
c1 < -LIMIT DIS: market: *
count  upstream.total +0, backup.total +2, cache_unknowns +0
