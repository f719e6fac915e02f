# hello.story
claim  A reply is in the version that was spoken when its request was sent, also when the
claim  request has to wait and another version is chosen behind it.
only resp

upstream hold *
c1 > MGET NOSUCH ; HGETALL AAPL ; HELLO 3 ; MGET NOT.HERE ; HELLO 2 ; HGETALL AAPL
until upstream.held == 3
upstream release *
c1 < [(nil)]
c1 < [symbol AAPL *]
c1 < {server quoted, * proto :3, *}
c1 < [(null)]
c1 < [server quoted * proto :2 *]
c1 < [symbol AAPL *]
