# sighup-in-flight.story
claim  A reload disturbs nobody who waits: calls under way end as they began, and new ones
claim  go to the providers that are configured now.

provider upstream
provider backup
file quoted.yaml
  server: {listen: "127.0.0.1:0", workers: 2}
  providers:
    - {name: market, url: "${upstream}", key_file: "${folder}/upstream.key"}
upstream price AAPL 189.84
backup price AAPL 1
backup price IBM 137.16
c2 apart from c1
upstream hold AAPL
c1 > ask AAPL
until upstream.held == 1
file quoted.yaml
  server: {listen: "127.0.0.1:0", workers: 2}
  providers:
    - {name: market, url: "${backup}", key_file: "${folder}/backup.key"}
signal HUP
until reloads == 1
log setting changed*providers.0.url
c2 > ask AAPL ; ask IBM
until cache_published == 1
upstream release AAPL
c1 < 189.84 USD fresh
c2 < 189.84 USD fresh
c2 < 137.16 USD fresh
count  upstream.total +1, backup.total +1, backup.AAPL +0, flights_joined +1
