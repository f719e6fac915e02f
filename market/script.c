/* SPDX-License-Identifier: Apache-2.0 */
#include "market/script.h"

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct entry {
    struct symbol symbol; // the key
    UT_hash_handle hh;
    uint64_t calls;
    struct script_answer *first; // the answers that wait
    struct script_answer **last;
    size_t answers_count;
    struct price_session session;
    bool has_session;
    bool is_held;
};

struct script {
    struct script_counts counts;
    struct entry *entries;       // uthash's head
    struct script_answer *spent; // the one that was taken last
};

struct script_answer *script_make_answer(void)
{
    struct script_answer *answer = mem_calloc(1, sizeof(*answer));
    if (answer != NULL) {
        answer->class_of = ANSWER_CLASSES_COUNT;
        answer->delay_ms = UINT64_MAX;
        answer->truncate = SIZE_MAX;
        answer->repeat = 1;
    }
    return answer;
}

void script_free_answer(struct script_answer *answer)
{
    if (answer != NULL) {
        mem_free(answer->body);
        mem_free(answer->type);
        mem_free(answer->headers);
        mem_free(answer);
    }
}

int script_create(struct script **out)
{
    *out = mem_calloc(1, sizeof(**out));
    return *out != NULL ? 0 : ERR_NOMEM;
}

void script_destroy(struct script **script)
{
    if (*script != NULL) {
        script_clear(*script);
        mem_free(*script);
        *script = NULL;
    }
}

struct symbol script_any(void)
{
    return (struct symbol){.len = 1, .text = "*"};
}

static struct entry *find_entry(const struct script *script,
                                const struct symbol *symbol)
{
    struct entry *entry;
    HASH_FIND(hh, script->entries, symbol->text, symbol->len, entry);
    return entry;
}

/* The entry of a symbol, made where there is none.  Returns 0, ERR_NOMEM or
 * ERR_FULL. */
static int need_entry(struct entry **out, struct script *script,
                      const struct symbol *symbol)
{
    *out = find_entry(script, symbol);
    if (*out != NULL) {
        return 0;
    }
    if (HASH_COUNT(script->entries) >= SCRIPT_SYMBOLS_LIMIT) {
        return ERR_FULL;
    }
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    entry->symbol = *symbol;
    entry->last = &entry->first;
    HASH_ADD_KEYPTR(hh, script->entries, entry->symbol.text, symbol->len,
                    entry);
    if (entry->hh.tbl == NULL) {
        mem_free(entry);
        return ERR_NOMEM;
    }
    *out = entry;
    return 0;
}

/* --- Holds ---------------------------------------------------------------- */

int script_hold(struct script *script, const struct symbol *symbol)
{
    struct entry *entry;
    int err = need_entry(&entry, script, symbol);
    if (err == 0) {
        entry->is_held = true;
    }
    return err;
}

void script_unhold(struct script *script, const struct symbol *symbol)
{
    struct symbol any = script_any();
    bool is_any = symbol_equal(symbol, &any);
    struct entry *entry;
    struct entry *next;
    HASH_ITER(hh, script->entries, entry, next)
    {
        if (is_any || symbol_equal(symbol, &entry->symbol)) {
            entry->is_held = false;
        }
    }
}

bool script_is_held(const struct script *script, const struct symbol *symbol)
{
    struct symbol any = script_any();
    const struct entry *entry = find_entry(script, &any);
    if (entry != NULL && entry->is_held) {
        return true;
    }
    entry = symbol != NULL ? find_entry(script, symbol) : NULL;
    return entry != NULL && entry->is_held;
}

/* --- Answers -------------------------------------------------------------- */

int script_add_answer(struct script *script, const struct symbol *symbol,
                      struct script_answer **answer)
{
    CHECK((*answer)->repeat > 0 && (*answer)->next == NULL);
    struct entry *entry;
    int err = need_entry(&entry, script, symbol);
    if (err != 0) {
        return err;
    }
    if (entry->answers_count >= SCRIPT_ANSWERS_LIMIT) {
        return ERR_FULL;
    }
    *entry->last = *answer;
    entry->last = &(*answer)->next;
    entry->answers_count++;
    *answer = NULL;
    return 0;
}

const struct script_answer *script_take_answer(struct script *script,
                                               const struct symbol *symbol)
{
    struct symbol any = script_any();
    struct entry *entry = symbol != NULL ? find_entry(script, symbol) : NULL;
    if (entry == NULL || entry->first == NULL) {
        entry = find_entry(script, &any);
    }
    if (entry == NULL || entry->first == NULL) {
        return NULL;
    }
    struct script_answer *answer = entry->first;
    CHECK(answer->repeat > 0 && entry->answers_count > 0);
    answer->repeat--;
    if (answer->repeat > 0) {
        return answer;
    }
    entry->first = answer->next;
    entry->last = entry->first == NULL ? &entry->first : entry->last;
    entry->answers_count--;
    script_free_answer(script->spent);
    script->spent = answer;
    return answer;
}

static void drop_answers(struct entry *entry)
{
    while (entry->first != NULL) {
        struct script_answer *answer = entry->first;
        entry->first = answer->next;
        script_free_answer(answer);
    }
    entry->last = &entry->first;
    entry->answers_count = 0;
}

/* --- Prices --------------------------------------------------------------- */

int script_set_session(struct script *script, const struct symbol *symbol,
                       const struct price_session *session)
{
    struct entry *entry;
    int err = need_entry(&entry, script, symbol);
    if (err == 0) {
        entry->session = *session;
        entry->has_session = true;
    }
    return err;
}

const struct price_session *script_find_session(const struct script *script,
                                                const struct symbol *symbol)
{
    const struct entry *entry = find_entry(script, symbol);
    return entry != NULL && entry->has_session ? &entry->session : NULL;
}

/* --- Counts --------------------------------------------------------------- */

void script_count_call(struct script *script, const struct symbol *symbol)
{
    struct script_counts *counts = &script->counts;
    struct entry *entry;
    counts->total++;
    counts->in_flight++;
    if (counts->in_flight > counts->max_in_flight) {
        counts->max_in_flight = counts->in_flight;
    }
    if (symbol != NULL && need_entry(&entry, script, symbol) == 0) {
        entry->calls++;
    }
}

void script_count_end(struct script *script)
{
    CHECK(script->counts.in_flight > 0);
    script->counts.in_flight--;
}

void script_count_hold(struct script *script)
{
    script->counts.held++;
    CHECK(script->counts.held <= script->counts.in_flight);
}

void script_count_unhold(struct script *script)
{
    CHECK(script->counts.held > 0);
    script->counts.held--;
}

void script_count_connection(struct script *script)
{
    script->counts.connections++;
}

const struct script_counts *script_counts(const struct script *script)
{
    return &script->counts;
}

uint64_t script_calls(const struct script *script, const struct symbol *symbol)
{
    const struct entry *entry = find_entry(script, symbol);
    return entry != NULL ? entry->calls : 0;
}

static void put_field(struct buffer *out, const char *name, uint64_t value)
{
    buffer_put_byte(out, '"');
    buffer_put_text(out, name);
    buffer_put_text(out, "\":");
    buffer_put_u64(out, value);
    buffer_put_byte(out, ',');
}

void script_put_counts(const struct script *script, struct buffer *out)
{
    const struct script_counts *counts = &script->counts;
    buffer_put_byte(out, '{');
    put_field(out, "total", counts->total);
    put_field(out, "held", counts->held);
    put_field(out, "in_flight", counts->in_flight);
    put_field(out, "max_in_flight", counts->max_in_flight);
    put_field(out, "connections", counts->connections);
    buffer_put_text(out, "\"symbols\":{");
    bool is_first = true;
    const struct entry *entry;
    for (entry = script->entries; entry != NULL; entry = entry->hh.next) {
        if (entry->calls > 0) {
            buffer_put_text(out, is_first ? "" : ",");
            answer_put_string(out, symbol_span(&entry->symbol));
            buffer_put_byte(out, ':');
            buffer_put_u64(out, entry->calls);
            is_first = false;
        }
    }
    buffer_put_text(out, "}}\n");
}

void script_clear(struct script *script)
{
    struct entry *entry;
    struct entry *next;
    HASH_ITER(hh, script->entries, entry, next)
    {
        HASH_DEL(script->entries, entry);
        drop_answers(entry);
        mem_free(entry);
    }
    script_free_answer(script->spent);
    script->spent = NULL;
    script->counts = (struct script_counts){
        .held = script->counts.held,
        .in_flight = script->counts.in_flight,
        .max_in_flight = script->counts.in_flight,
    };
}
