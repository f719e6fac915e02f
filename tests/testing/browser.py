# SPDX-License-Identifier: Apache-2.0
"""A browser without a window: headless Chromium, told what to do by WebDriver.

    with Browser(folder) as browser:
        browser.open("http://127.0.0.1:7400/")
        assert browser.text("#state") == "live"
        assert browser.complaints() == []

Debian's chromium and its driver; the protocol is W3C's, a JSON request an order.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from programs import DEADLINE_S, wait_until

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")


def why_no_browser():
    """Why there is none; None where there is one."""
    return None if CHROMIUM and DRIVER else "no chromium, or no chromedriver"


class Browser:
    """A page in a browser of its own, whose profile is in `folder`."""

    def __init__(self, folder, width=1000, height=500):
        self.log = folder / "driver.log"
        self.process = subprocess.Popen(
            [DRIVER, "--port=0", f"--log-path={folder / 'chromedriver.log'}"],
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "HOME": str(folder)})
        try:
            port = wait_until(lambda: re.search(r"successfully on port (\d+)",
                                                self.log.read_text()),
                              "chromedriver's port").group(1)
            self.base = f"http://127.0.0.1:{port}/session"
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                         "--disable-background-networking", "--disable-component-update",
                         f"--user-data-dir={folder / 'profile'}",
                         f"--window-size={width},{height}"]
            wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                      "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments}}
            made = self._order("POST", "", {"capabilities": {"alwaysMatch": wanted}})
            self.base += "/" + made["sessionId"]
        except BaseException:
            self._end()
            raise

    def _order(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=6 * DEADLINE_S) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"the browser: {error.read().decode()[:2000]}") from error

    def _end(self):
        """The driver and the browser, which is in the same session."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._order("DELETE", "")
        finally:
            self._end()

    def open(self, url):
        self._order("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What a script's `return` gives; `arguments` are its arguments[i]."""
        return self._order("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        """The text of the first element that a selector finds; None without one."""
        return self.run("const found = document.querySelector(arguments[0]);"
                        "return found && found.innerText;", selector)

    def complaints(self):
        """What the console has been told by then, since it was asked last."""
        return [f"{entry['level']}: {entry['message']}"
                for entry in self._order("POST", "/se/log", {"type": "browser"})]

    def picture(self, path):
        """What the page looks like, as PNG."""
        path.write_bytes(base64.b64decode(self._order("GET", "/screenshot")))
