# secret.story
claim  The provider's key comes from a file and is in nothing that the server says: not
claim  when the provider repeats it, not in settings, not in the log at its most talkative.
only resp

provider upstream --limit 1/d
upstream price AAPL 189.84
c1 > GET AAPL ; GET MSFT ; GET WMT
c1 < 189.84
c1 < -LIMIT MSFT: market: We have detected your API key as <key> and *
c1 < -LIMIT WMT: *API key as <key> and *
c1 > CONFIG GET * ; INFO ; INFO all ; CLIENT LIST ; COMMAND ; HGETALL AAPL
c1 < * times 6
c1 > EXPLAIN AAPL ; EXPLAIN MSFT ; EXPLAIN NOBODY ; INFO providers
c1 < * times 4
signal HUP
until reloads == 1
log configuration loaded again
# Here the runner looks for the key in all that was received and logged.
