# unix.story
claim  The server listens on a Unix socket as well, which is the same server, and starts
claim  again where an earlier one has left the file.

file quoted.yaml
  server:
    listen: ["127.0.0.1:0", "unix:${folder}/quoted.sock"]
    workers: 2
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
upstream price AAPL 189.84
c1 > ask AAPL
c1 < 189.84 USD fresh
c2 at unix
c2 > ask AAPL ; CLIENT INFO
c2 < 189.84 USD fresh
c2 < *addr=unix*
count  cache_hits +1, cache_misses +1, upstream.AAPL +1
signal KILL
exits -9
again
c3 at unix
c3 > ask AAPL
c3 < 189.84 USD fresh
