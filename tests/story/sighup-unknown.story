# sighup-unknown.story
claim  What was unknown is asked about again once the configuration is loaded again: there
claim  may be other providers now.

file quoted.yaml
  server:
    listen: 127.0.0.1:0
  cache:
    fresh_for: 1h
    unknown_for: 1h
  providers:
    - name: market
      url: ${upstream}
      key_file: ${folder}/upstream.key
c1 > ask NOSUCH ; ask NOSUCH
c1 < -UNKNOWN NOSUCH: * times 2
until upstream.NOSUCH == 1

upstream price NOSUCH 12.34
c1 > ask NOSUCH                      # still believed
c1 < -UNKNOWN NOSUCH: *
signal HUP
until reloads == 1
until cache_unknowns == 0
c1 > ask NOSUCH
c1 < 12.34 USD fresh
until upstream.NOSUCH == 2
