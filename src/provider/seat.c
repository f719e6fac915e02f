/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/seat.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "document/figure.h"
#include "provider/extract.h"

/* --- Finding a seat by its text --------------------------------------------
 */

/* What it may be echoed as: 0 the whole, 1 without the suffix. */
static struct span text_of(const struct seat *seat, unsigned which)
{
    const struct spelling *spelling = &seat->spelling;
    return (struct span){spelling->text,
                         which == 0 ? spelling->len : spelling->bare_len};
}

/* FNV-1a of a text in small letters.  Strangers who make rows collide make
 * their own answer slow, as slow as a walk over all seats. */
static size_t slot_of(struct span text)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_capital = c >= 'A' && c <= 'Z';
        hash ^= (unsigned char)(is_capital ? c - 'A' + 'a' : c);
        hash *= 16777619u;
    }
    return hash % SEAT_SLOTS;
}

/* Let seat `at` be found by one of its texts.  Entries are numbered from 1, two
 * a seat. */
static void enter(struct seat_plan *plan, size_t at, unsigned which)
{
    struct seat *seat = &plan->seats[at];
    uint16_t *slot = &plan->slots[slot_of(text_of(seat, which))];
    seat->next[which] = *slot;
    *slot = (uint16_t)(2 * at + which + 1);
}

int seat_init_all(struct seat_plan *plan, const struct query *query)
{
    CHECK(query->count > 0 && query->count <= PROVIDER_SYMBOLS_LIMIT);
    bool id_is_bare = query->provider->endpoints[query->endpoint].id_is_bare;
    *plan = (struct seat_plan){
        .count = query->count,
        .stranger = span_of(""),
        .echoed = span_of(""),
    };
    plan->seats = mem_calloc(query->count, sizeof(*plan->seats));
    if (plan->seats == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < query->count; i++) {
        struct spelling *spelling = &plan->seats[i].spelling;
        bool is_served =
            spelling_of(query->provider, query->symbols[i], spelling);
        CHECK(is_served);
        enter(plan, i, 0);
        if (id_is_bare && spelling->bare_len != spelling->len) {
            enter(plan, i, 1);
        }
    }
    return 0;
}

void seat_deinit_all(struct seat_plan *plan)
{
    mem_free(plan->seats);
    plan->seats = NULL;
}

/* --- The place of the data ------------------------------------------------ */

/* Whether the columns of a table are those of the data.  Any text is CSV of one
 * column, an apology too. */
static bool has_columns(const struct provider_endpoint *endpoint,
                        struct document_node table)
{
    const struct provider_places *places = &endpoint->numbers[QUOTE_PRICE];
    for (size_t i = 0; i < places->count; i++) {
        struct span name = places->items[i].pointer;
        if (name.len > 0 &&
            document_has_column(table,
                                (struct span){name.data + 1, name.len - 1})) {
            return true;
        }
    }
    return false;
}

/* Whether a place that a pointer led to holds rows. */
static bool holds_rows(const struct provider_endpoint *endpoint,
                       struct span pointer, struct document_node node)
{
    enum document_kind kind =
        endpoint->shape == PROVIDER_ARRAY ? DOCUMENT_LIST : DOCUMENT_MAP;
    if (node.kind != kind || document_count(node) == 0) {
        return false;
    }
    // An object that is the whole answer may be an apology as well.
    bool is_whole = endpoint->shape == PROVIDER_OBJECT && pointer.len == 0;
    return !is_whole || extract_has_any(endpoint, node);
}

/* Find the place of the data, and what it is. */
static struct document_node find_place(struct seat_plan *plan,
                                       const struct provider_endpoint *endpoint,
                                       const struct document *document)
{
    struct document_node root = document_root(document);
    plan->place = SEAT_OTHER_SHAPE;
    if (root.table != NULL && !has_columns(endpoint, root)) {
        return root;
    }
    for (size_t i = 0; i < endpoint->rows.count; i++) {
        const struct provider_row *row = &endpoint->rows.items[i];
        struct document_node node = document_find(root, row->pointer);
        if (holds_rows(endpoint, row->pointer, node)) {
            plan->place = SEAT_ROWS;
            plan->delay = row->delay;
            return node;
        }
        bool can_hold = node.kind == DOCUMENT_MAP || node.kind == DOCUMENT_LIST;
        if (node.kind == DOCUMENT_NULL ||
            (can_hold && document_count(node) == 0)) {
            plan->place = SEAT_EMPTY;
        }
    }
    return root;
}

enum seat_place seat_place_of(const struct provider_endpoint *endpoint,
                              const struct document *document)
{
    struct seat_plan plan = {.seats = NULL};
    find_place(&plan, endpoint, document);
    return plan.place;
}

/* --- Rows to seats -------------------------------------------------------- */

static void lead_to(struct seat *seat, struct document_node row)
{
    if (seat->rows++ == 0) {
        seat->row = row;
    }
}

/* Lead a row to all seats of the symbol that it names. */
static void lead(struct seat_plan *plan, struct span echoed,
                 struct document_node row)
{
    struct span text = span_trim(echoed);
    bool is_expected = false;
    for (uint16_t entry = plan->slots[slot_of(text)]; entry != 0;) {
        struct seat *seat = &plan->seats[(entry - 1) / 2];
        unsigned which = (entry - 1u) % 2;
        if (span_equal_nocase(text_of(seat, which), text)) {
            lead_to(seat, row);
            is_expected = true;
        }
        entry = seat->next[which];
    }
    if (!is_expected && plan->strangers++ == 0) {
        plan->stranger = echoed;
    }
}

/* Whom a row names: "" for nobody. */
static struct span echoed_by(const struct provider_endpoint *endpoint,
                             struct document_node row)
{
    struct span echoed = document_text(document_find(row, endpoint->id));
    return figure_is_nothing(span_trim(echoed)) ? span_of("") : echoed;
}

/* Lead one member of the place, if it is a row. */
static void lead_member(struct seat_plan *plan,
                        const struct provider_endpoint *endpoint,
                        struct span name, struct document_node member)
{
    bool is_object = member.kind == DOCUMENT_MAP;
    if (endpoint->shape == PROVIDER_MAP) {
        // A symbol that has null is one without data; other values are no rows.
        if (is_object || member.kind == DOCUMENT_NULL) {
            lead(plan, name, member);
        }
    } else if (is_object && endpoint->id.len > 0) {
        lead(plan, echoed_by(endpoint, member), member);
    } else if (is_object) {
        CHECK(plan->count == 1);
        lead_to(&plan->seats[0], member);
    }
}

static bool has_led(const struct seat_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->seats[i].rows > 0) {
            return true;
        }
    }
    return false;
}

static void lead_members(struct seat_plan *plan,
                         const struct provider_endpoint *endpoint,
                         struct document_node place)
{
    struct document_walk walk = document_walk(place);
    struct document_node member;
    struct span name;
    size_t objects = 0;
    while (document_next(&walk, &name, &member)) {
        objects += member.kind == DOCUMENT_MAP;
        lead_member(plan, endpoint, name, member);
    }
    if (objects == 0 && !has_led(plan)) {
        plan->place = SEAT_OTHER_SHAPE;
    }
}

void seat_rows(struct seat_plan *plan, const struct provider_endpoint *endpoint,
               const struct document *document)
{
    struct document_node place = find_place(plan, endpoint, document);
    if (plan->place != SEAT_ROWS) {
        return;
    }
    if (endpoint->shape != PROVIDER_OBJECT) {
        lead_members(plan, endpoint, place);
        return;
    }
    CHECK(plan->count == 1);
    lead_to(&plan->seats[0], place);
    if (endpoint->id.len > 0) {
        plan->echoed = echoed_by(endpoint, place);
    }
}
