// The server and its quotes, live. What comes from outside is only ever set as
// text. Prices are shown as they were sent, and never computed with.
"use strict";

const SYMBOLS_MAX = 100; // of one stream
const LOOK_MS = 5000;    // for symbols that others have asked for
const SILENT_MS = 25000; // two heartbeats and a half

const rows = new Map();  // symbol -> {row, cells, quote}
let source = null;       // the stream
let heard = 0;           // when, last
let skew = 0;            // of our clock against the server's, ms

const find = (id) => document.getElementById(id);

function say(id, text) {
  find(id).textContent = text;
}

function addRow(symbol) {
  const row = document.createElement("tr");
  const cells = Array.from({length: 10}, () => row.appendChild(document.createElement("td")));
  for (const i of [2, 4, 5, 7]) {
    cells[i].className = "number";
  }
  cells[0].textContent = symbol;
  row.dataset.symbol = symbol;
  const after = [...rows.keys()].filter((other) => other > symbol).sort()[0];
  find("quotes").insertBefore(row, after ? rows.get(after).row : null);
  rows.set(symbol, {row, cells, quote: null});
  find("empty").hidden = true;
}

// 1 where a price is above another, -1 where it is below, by its digits.
function compare(a, b) {
  const [x, y] = [a, b].map((text) => {
    const [whole, places = ""] = text.replace("-", "").split(".");
    const digits = BigInt(whole + places.padEnd(18, "0"));
    return text.startsWith("-") ? -digits : digits;
  });
  return x > y ? 1 : x < y ? -1 : 0;
}

function age(quote) {
  const seconds = Math.max(0, Math.floor((Date.now() - skew - Date.parse(quote.fetched)) / 1000));
  return seconds < 120 ? `${seconds} s`
    : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

function showQuote(quote) {
  if (!rows.has(quote.symbol)) {
    addRow(quote.symbol);
  }
  const entry = rows.get(quote.symbol);
  const move = entry.quote ? compare(quote.price, entry.quote.price) : 0;
  entry.quote = quote;
  const sign = (quote.change || "0").startsWith("-") ? "down" : /[1-9]/.test(quote.change || "") ? "up" : "";
  const texts = [quote.symbol, quote.name, quote.price, quote.currency, quote.change,
    quote.change_percent, (quote.as_of || "").replace("T", " ").replace(/\.\d+Z$/, "Z"),
    age(quote), quote.state, quote.source];
  texts.forEach((text, i) => { entry.cells[i].textContent = text || ""; });
  entry.cells[4].className = entry.cells[5].className = `number ${sign}`;
  entry.cells[8].className = quote.state;
  if (move !== 0) {
    entry.row.className = move > 0 ? "news-up" : "news-down";
    setTimeout(() => { entry.row.className = ""; }, 1200);
  }
}

function showFailure(failure) {
  const entry = rows.get(failure.symbol);
  if (entry && !entry.quote) {
    entry.cells[8].textContent = failure.error;
    entry.cells[8].className = "none";
  }
}

function alive() {
  heard = Date.now();
  say("state", "live");
}

function watch() {
  if (source) {
    source.close();
  }
  source = null;
  const symbols = [...rows.keys()].slice(0, SYMBOLS_MAX);
  if (symbols.length === 0) {
    return;
  }
  source = new EventSource(`v1/watch?symbols=${encodeURIComponent(symbols.join(","))}`);
  source.onopen = alive;
  source.onerror = () => say("state", "connecting again");
  source.addEventListener("quote", (event) => { alive(); showQuote(JSON.parse(event.data)); });
  source.addEventListener("failure", (event) => { alive(); showFailure(JSON.parse(event.data)); });
  source.addEventListener("heartbeat", (event) => {
    alive();
    if (event.lastEventId && event.data !== event.lastEventId) {
      watch(); // an event was lost on the way
    }
  });
}

// What is in memory, so also what others have asked for. Asks no provider.
async function look() {
  try {
    const response = await fetch("v1/quotes?limit=100");
    const answer = await response.json();
    let isNew = false;
    for (const {quote} of answer.quotes) {
      if (!rows.has(quote.symbol) && rows.size < SYMBOLS_MAX) {
        isNew = true;
        showQuote(quote);
      }
    }
    find("empty").hidden = rows.size > 0;
    if (isNew || (source && source.readyState === EventSource.CLOSED)) {
      watch();
    }
    if (!source) {
      alive();
    }
  } catch (error) {
    say("state", "no connection");
  }
  if (source && Date.now() - heard > SILENT_MS) {
    heard = Date.now();
    watch();
  }
}

async function add(event) {
  event.preventDefault();
  const text = find("symbol").value.trim();
  say("problem", "");
  try {
    const response = await fetch(`v1/quotes/${encodeURIComponent(text)}`);
    const answer = await response.json();
    if (response.ok) {
      const isNew = !rows.has(answer.symbol);
      showQuote(answer);
      find("symbol").value = "";
      if (isNew) {
        watch();
      }
    } else {
      say("problem", `${text}: ${answer.detail || answer.title}`);
    }
  } catch (error) {
    say("problem", "no connection");
  }
}

async function start() {
  find("add").addEventListener("submit", add);
  try {
    const response = await fetch("version");
    const version = await response.json();
    skew = Date.now() - Date.parse(response.headers.get("Date"));
    say("server", `${version.version} on ${version.server}`);
  } catch (error) {
    say("state", "no connection");
  }
  await look();
  setInterval(look, LOOK_MS);
  setInterval(() => {
    for (const {cells, quote} of rows.values()) {
      cells[7].textContent = quote ? age(quote) : "";
    }
  }, 1000);
}

start();
