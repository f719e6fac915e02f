# inline.story
claim  Commands can be typed, as with netcat, in any case, quoted, and cut anywhere.
only resp

upstream price IBM 137.16
upstream price WMT 29
c1 >> "get ibm\r\n\r\n  PiNg  \nget \"Walmart\"\r\n"
c1 < 137.16
c1 < +PONG
c1 < 29.00
c1 >> "*2\r\n$3\r\nGE"
c1 >> "T\r\n$3\r\nIBM\r"
c2 > PING
c2 < +PONG
c1 >> "\nQUIT\r\nPING\r\n"
c1 < 137.16
c1 < +OK
c1 closed
