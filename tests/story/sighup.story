# sighup.story
claim  SIGHUP takes over a good file as a whole, a bad one not at all, and says which.

file names.csv
  symbol,name,aliases,currency,mic
  AAPL,Apple,Cupertino,USD,XNAS
file quoted.yaml
  server:
    listen: 127.0.0.1:0
  cache:
    fresh_for: 1h
  names: ${folder}/names.csv
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
upstream price AAPL 189.84
upstream price MSFT 400
c1 > ask Cupertino ; ask Redmond
c1 < 189.84 USD fresh
c1 < -UNKNOWN REDMOND: *
c1 > CONFIG GET cache.fresh_for
c1 < [cache.fresh_for 1h]

# A good one: settings and names change together.
file names.csv
  symbol,name,aliases,currency,mic
  AAPL,Apple,Cupertino,USD,XNAS
  MSFT,Microsoft,Redmond,USD,XNAS
file quoted.yaml
  server:
    listen: 127.0.0.1:0
  cache:
    fresh_for: 2h
  log:
    level: debug
  names: ${folder}/names.csv
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
signal HUP
until reloads == 1
log setting changed*key=cache.fresh_for before=1h after=2h
log setting changed*key=log.level before=info after=debug
log configuration loaded again*changes=2 names=2
until CONFIG GET cache.fresh_for == [cache.fresh_for 2h]
c1 > ask Redmond ; ask AAPL
c1 < 400.00 USD fresh
c1 < 189.84 USD fresh
count  reloads +1, reloads_refused +0, cache_hits +1, upstream.total +3

# One good change and one bad one: neither happens.
file quoted.yaml
  server:
    listen: 127.0.0.1:0
  cache:
    fresh_for: 3h
    stale_for: tomorrow
  names: ${folder}/names.csv
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
signal HUP
until reloads_refused == 1
log configuration refused, nothing was changed*quoted.yaml:5: cache.stale_for
no log setting changed
c1 > CONFIG GET cache.fresh_for ; CONFIG GET cache.stale_for ; ask Redmond
c1 < [cache.fresh_for 2h]
c1 < [cache.stale_for 1h]
c1 < 400.00 USD fresh

# What only a restart can change.
file quoted.yaml
  server:
    listen: 127.0.0.1:1
  cache:
    fresh_for: 3h
  names: ${folder}/names.csv
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
signal HUP
until reloads_refused == 2
log configuration refused, nothing was changed*server.listen*restart
c1 > CONFIG GET cache.fresh_for
c1 < [cache.fresh_for 2h]

# Names that can't be read.
file names.csv
  symbol,name,aliases,currency,mic
  NOT A SYMBOL,Nothing,,USD,XNAS
file quoted.yaml
  server:
    listen: 127.0.0.1:0
  cache:
    fresh_for: 3h
  names: ${folder}/names.csv
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
signal HUP
until reloads_refused == 3
log configuration refused*names.csv:2
c1 > CONFIG GET cache.fresh_for ; ask Redmond
c1 < [cache.fresh_for 2h]
c1 < 400.00 USD fresh
count  reloads +0, reloads_refused +3, upstream.total +0
