/* SPDX-License-Identifier: Apache-2.0 */
#include "market/answer.h"

#include "base/check.h"

/* --- Strings -------------------------------------------------------------- */

/* How many bytes the UTF-8 character at the front has; 0 where it is none. */
static size_t character_len(struct span text)
{
    const unsigned char *c = (const unsigned char *)text.data;
    size_t len = c[0] < 0x80 ? 1 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    if (len > text.len || (c[0] >= 0x80 && c[0] < 0xc2) || c[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong =
        (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool is_beyond = (c[0] == 0xed && c[1] >= 0xa0) || // surrogates
                     (c[0] == 0xf4 && c[1] >= 0x90);
    return is_overlong || is_beyond ? 0 : len;
}

void answer_put_string(struct buffer *out, struct span text)
{
    buffer_put_byte(out, '"');
    while (text.len > 0) {
        size_t len = character_len(text);
        char c = text.data[0];
        if (len == 0) {
            buffer_put_text(out, "\xef\xbf\xbd");
            len = 1;
        } else if (c == '"' || c == '\\') {
            buffer_put_byte(out, '\\');
            buffer_put_byte(out, c);
        } else if ((unsigned char)c < ' ') {
            buffer_printf(out, "\\u%04x", (unsigned)c);
        } else {
            buffer_put(out, text.data, len);
        }
        text = (struct span){text.data + len, text.len - len};
    }
    buffer_put_byte(out, '"');
}

/* --- Quotes --------------------------------------------------------------- */

static void put_price_field(struct buffer *out, const char *name, int64_t value)
{
    buffer_put_text(out, "        \"");
    buffer_put_text(out, name);
    buffer_put_text(out, "\": \"");
    price_put(out, value);
    buffer_put_text(out, "\",\n");
}

void answer_put_quote(struct buffer *out, const struct symbol *symbol,
                      const struct price_session *session, bool is_delayed)
{
    CHECK(session->low <= session->price && session->price <= session->high);
    buffer_put_text(out, is_delayed ? "{\n    \"Global Quote - DATA DELAYED BY "
                                      "15 MINUTES\": {\n"
                                    : "{\n    \"Global Quote\": {\n");
    buffer_put_text(out, "        \"01. symbol\": ");
    answer_put_string(out, symbol_span(symbol));
    buffer_put_text(out, ",\n");
    put_price_field(out, "02. open", session->open);
    put_price_field(out, "03. high", session->high);
    put_price_field(out, "04. low", session->low);
    put_price_field(out, "05. price", session->price);
    buffer_put_text(out, "        \"06. volume\": \"");
    buffer_put_u64(out, session->volume);
    buffer_put_text(out, "\",\n        \"07. latest trading day\": \"");
    buffer_put_text(out, session->day);
    buffer_put_text(out, "\",\n");
    put_price_field(out, "08. previous close", session->previous);
    put_price_field(out, "09. change", price_change(session));
    buffer_put_text(out, "        \"10. change percent\": \"");
    price_put(out, price_change_percent(session));
    buffer_put_text(out, "%\"\n    }\n}");
}

void answer_put_quote_csv(struct buffer *out, const struct symbol *symbol,
                          const struct price_session *session)
{
    const int64_t prices[] = {session->open, session->high, session->low,
                              session->price};
    buffer_put_text(out, "symbol,open,high,low,price,volume,latestDay,"
                         "previousClose,change,changePercent\r\n");
    buffer_put_span(out, symbol_span(symbol));
    for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
        buffer_put_byte(out, ',');
        price_put(out, prices[i]);
    }
    buffer_put_byte(out, ',');
    buffer_put_u64(out, session->volume);
    buffer_put_byte(out, ',');
    buffer_put_text(out, session->day);
    buffer_put_byte(out, ',');
    price_put(out, session->previous);
    buffer_put_byte(out, ',');
    price_put(out, price_change(session));
    buffer_put_byte(out, ',');
    price_put(out, price_change_percent(session));
    buffer_put_text(out, "%\r\n");
}

/* --- Search --------------------------------------------------------------- */

static bool begins_with(struct span text, struct span part)
{
    struct span front = {text.data, part.len};
    return part.len <= text.len && span_equal_nocase(front, part);
}

/* How well a company matches, in ten-thousandths; 0: not at all. */
static unsigned score(const struct price_company *company, struct span keywords)
{
    struct span symbol = span_of(company->symbol);
    struct span name = span_of(company->name);
    struct span alias = span_of(company->alias);
    if (keywords.len == 0) {
        return 0;
    }
    if (span_equal_nocase(symbol, keywords)) {
        return 10000;
    }
    if (begins_with(symbol, keywords)) {
        return 9000;
    }
    if (span_equal_nocase(alias, keywords)) {
        return 8889;
    }
    if (begins_with(name, keywords) || begins_with(alias, keywords)) {
        return 8000;
    }
    bool is_within =
        span_has_nocase(name, keywords) || span_has_nocase(alias, keywords);
    return is_within ? 6000 : 0;
}

static void put_match(struct buffer *out, struct span symbol, const char *name,
                      unsigned points)
{
    static const char *const rest[] = {
        "3. type\": \"Equity",      "4. region\": \"United States",
        "5. marketOpen\": \"09:30", "6. marketClose\": \"16:00",
        "7. timezone\": \"UTC-04",  "8. currency\": \"USD",
    };
    buffer_put_text(out, "        {\n            \"1. symbol\": ");
    answer_put_string(out, symbol);
    buffer_put_text(out, ",\n            \"2. name\": ");
    answer_put_string(out, span_of(name));
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        buffer_put_text(out, ",\n            \"");
        buffer_put_text(out, rest[i]);
        buffer_put_byte(out, '"');
    }
    buffer_put_text(out, ",\n            \"9. matchScore\": \"");
    price_put(out, points); // four places, too
    buffer_put_text(out, "\"\n        }");
}

/* Append the companies that have this score; returns how many there were. */
static size_t put_matches(struct buffer *out, struct span keywords,
                          unsigned points, size_t before)
{
    size_t count = 0;
    for (const struct price_company *company = price_companies();
         company->symbol != NULL; company++) {
        if (score(company, keywords) == points) {
            buffer_put_text(out, before + count > 0 ? ",\n" : "\n");
            put_match(out, span_of(company->symbol), company->name, points);
            count++;
        }
    }
    return count;
}

void answer_put_search(struct buffer *out, struct span keywords,
                       const struct symbol *also)
{
    static const unsigned scores[] = {10000, 9000, 8889, 8000, 6000};
    buffer_put_text(out, "{\n    \"bestMatches\": [");
    size_t count = 0;
    if (also != NULL) {
        buffer_put_text(out, "\n");
        put_match(out, symbol_span(also), also->text, 10000);
        count++;
    }
    for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
        count += put_matches(out, keywords, scores[i], count);
    }
    buffer_put_text(out, count > 0 ? "\n    ]\n}" : "]\n}");
}

/* --- Apologies ------------------------------------------------------------ */

#define SITE  "https://www.alphavantage.co/"
#define PLANS "any of the premium plans at " SITE "premium/ "

/* In a text, $f is the function, $k the key, $d and $s the calls allowed a day
 * and a second. */
struct apology {
    const char *field; // the one at the top; NULL: `text` is the whole body
    const char *text;
};

static const char *const class_names[ANSWER_CLASSES_COUNT] = {
#define ANSWER_NAME(kind, name) [kind] = (name),
    ANSWER_CLASSES(ANSWER_NAME)
#undef ANSWER_NAME
};

static const struct apology apologies[ANSWER_CLASSES_COUNT] = {
    [ANSWER_UNKNOWN] = {NULL, "{\n    \"Global Quote\": {}\n}"},
    [ANSWER_EMPTY] = {NULL, "{}"},
    [ANSWER_BAD_CALL] =
        {"Error Message",
         "Invalid API call. Please retry or visit the documentation (" SITE
         "documentation/) for $f."},
    [ANSWER_BAD_FUNCTION] = {"Error Message",
                             "This API function ($f) does not exist."},
    [ANSWER_BAD_KEY] =
        {"Error Message",
         "the parameter apikey is invalid or missing. Please claim your free "
         "API key on (" SITE "support/#api-key). It should take less than 20 "
         "seconds."},
    [ANSWER_DEMO_KEY] =
        {"Information",
         "The **demo** API key is for demo purposes only. Please claim your "
         "free API key at (" SITE "support/#api-key) to explore our full API "
         "offerings. It takes fewer than 20 seconds."},
    [ANSWER_LIMIT_DAY] =
        {"Information",
         "We have detected your API key as $k and our standard API rate limit "
         "is $d requests per day. Please subscribe to " PLANS
         "to instantly remove all daily rate limits."},
    [ANSWER_LIMIT_DAY_NOTE] =
        {"Note",
         "Thank you for using Alpha Vantage! Our standard API rate limit is $d "
         "requests per day. Please subscribe to " PLANS
         "to instantly remove all daily rate limits."},
    [ANSWER_LIMIT_MINUTE] =
        {"Information",
         "Minute-level rate limit exceed. Please stay under the number of API "
         "requests per minute for your premium subscription plan."},
    [ANSWER_LIMIT_SECOND] =
        {"Information",
         "Thank you for using Alpha Vantage! Please consider spreading out "
         "your free API requests more sparingly ($s per second). You may "
         "subscribe to " PLANS "to lift the free key rate limit ($d requests "
         "per day) and instantly remove all daily rate limits."},
    [ANSWER_LIMIT_BURST] =
        {"Information",
         "Burst pattern detected. Please consider spreading out your API "
         "requests more evenly across a 1-minute window and query no more than "
         "30 requests per second."},
    [ANSWER_LIMIT_OLD_NOTE] =
        {"Note",
         "Thank you for using Alpha Vantage! Our standard API call frequency "
         "is 5 calls per minute and 500 calls per day. Please visit " SITE
         "premium/ if you would like to target a higher API call frequency."},
    [ANSWER_PREMIUM] =
        {"Information",
         "Thank you for using Alpha Vantage! This is a premium endpoint. You "
         "may subscribe to " PLANS "to instantly unlock all premium endpoints"},
    [ANSWER_DOWN] = {NULL, "<html><body>503 Service Unavailable</body></html>"},
};

enum answer_class answer_find_class(struct span name)
{
    int kind = 0;
    while (kind < ANSWER_CLASSES_COUNT &&
           !span_equal(name, span_of(class_names[kind]))) {
        kind++;
    }
    return (enum answer_class)kind;
}

const char *answer_class_name(enum answer_class kind)
{
    CHECK(kind < ANSWER_CLASSES_COUNT);
    return class_names[kind];
}

int answer_class_status(enum answer_class kind)
{
    CHECK(kind < ANSWER_CLASSES_COUNT);
    return kind == ANSWER_DOWN ? 503 : 200;
}

const char *answer_class_type(enum answer_class kind)
{
    CHECK(kind < ANSWER_CLASSES_COUNT);
    return kind == ANSWER_DOWN ? "text/html" : "application/json";
}

/* The count of a window as it stands in a text; without a rule, a free key's.
 */
static void put_count(struct buffer *out, const struct limit_rule *rule,
                      enum limit_window window, uint32_t otherwise)
{
    uint32_t count = rule != NULL ? rule->calls_max[window] : 0;
    buffer_put_u64(out, count > 0 ? count : otherwise);
    if (window == LIMIT_SECOND) {
        buffer_put_text(out, count > 1 ? " requests" : " request");
    }
}

/* Append a text with what stands in it for something else filled in. */
static void fill_in(struct buffer *out, const char *text,
                    const struct answer_call *call)
{
    for (; *text != '\0'; text++) {
        if (*text != '$') {
            buffer_put_byte(out, *text);
            continue;
        }
        text++;
        if (*text == 'f') {
            buffer_put_span(out, call->function);
        } else if (*text == 'k') {
            buffer_put_span(out, call->key);
        } else if (*text == 'd') {
            put_count(out, call->rule, LIMIT_DAY, 25);
        } else {
            CHECK(*text == 's');
            put_count(out, call->rule, LIMIT_SECOND, 1);
        }
    }
}

void answer_put_class(struct buffer *out, enum answer_class kind,
                      const struct answer_call *call)
{
    CHECK(kind < ANSWER_CLASSES_COUNT);
    const struct apology *apology = &apologies[kind];
    if (apology->field == NULL) {
        buffer_put_text(out, apology->text);
        return;
    }
    // Filled in first and quoted then: a key may hold anything.
    struct buffer text = buffer_empty(out->len_max);
    fill_in(&text, apology->text, call);
    buffer_put_text(out, "{\n    \"");
    buffer_put_text(out, apology->field);
    buffer_put_text(out, "\": ");
    answer_put_string(out, buffer_span(&text));
    buffer_put_text(out, "\n}");
    out->failed = out->failed || text.failed;
    buffer_deinit(&text);
}
