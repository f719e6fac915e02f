# history.story
claim  HISTORY answers the prices that were kept, step by step, in its place among other
claim  replies, also in EXEC; what can't be asked or had is said.
only resp

file quoted.yaml
  server: {listen: "127.0.0.1:0", workers: 2}
  cache: {fresh_for: 1h}
  store: {path: "${folder}/quoted.db"}
  providers:
    - {name: market, url: "${upstream}", key_file: "${folder}/upstream.key"}
upstream price IBM 189.84
c1 > HISTORY IBM ; ask IBM
c1 < []
c1 < 189.84 USD fresh
until store_kept == 1
upstream price IBM 190.10
c1 > GET IBM MAXAGE 0
c1 < 190.10
until store_kept == 2
c1 > HISTORY IBM FROM -1d EVERY 366d ; PING ; history international*machines EVERY 1h TO now
c1 < [[:* *]]
c1 < +PONG
c1 < -SYMBOL *
upstream hold AAPL
c1 > GET AAPL ; HISTORY IBM EVERY 366d ; PING
until waits_open == 1
upstream answer AAPL 5
c1 < 5.00
c1 < [[:* 189.84 190.10 189.84 190.10 :2]]
c1 < +PONG
c1 > MULTI ; HISTORY IBM EVERY 366d ; GET IBM ; HISTORY IBM EVERY 0 ; EXEC
c1 < +OK
c1 < +QUEUED times 3
c1 < [[[:* 189.84 190.10 189.84 190.10 :2]] 190.10 -ERR EVERY takes a step of 1ms to 366d]
c1 > HISTORY ; HISTORY IBM FROM ; HISTORY IBM FROM 1 TO 2 ; HISTORY IBM EVERY 1h EVERY 1h
c1 < -ERR wrong number of arguments for 'HISTORY' command
c1 < -ERR HISTORY takes a symbol, then FROM instant, TO instant and EVERY step*
c1 < -ERR FROM takes a day (2026-11-20), *
c1 < -ERR HISTORY takes *
c1 > HISTORY IBM FROM now TO -1h ; HISTORY NOSUCH
c1 < -ERR FROM is not before TO
c1 < []
count  upstream.total +3, requests_failed +7
