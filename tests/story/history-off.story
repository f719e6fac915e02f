# history-off.story
claim  Without a store, HISTORY says how to have one.
only resp

c1 > HISTORY IBM ; MULTI ; HISTORY IBM ; EXEC ; GET IBM
c1 < -STORE no prices of the past are kept: set store.path to a file and start the server again
c1 < +OK
c1 < +QUEUED
c1 < [-STORE*]
c1 < 137.16
count  upstream.IBM +1
