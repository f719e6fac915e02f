/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/rule.h"

#include <string.h>

#include "base/check.h"

/* --- Reading -------------------------------------------------------------- */

static void read_is(struct clause *clause, void *into, int node)
{
    struct clause_word words[PROVIDER_CLASS_COUNT - 1]; // all but "ok"
    for (int class = 1; class < PROVIDER_CLASS_COUNT; class ++) {
        words[class - 1] = (struct clause_word){
            provider_class_name((enum provider_class) class), class};
    }
    struct provider_rule *rule = into;
    rule->class = (enum provider_class)clause_word(clause, node, words,
                                                   CLAUSE_COUNT(words));
}

static void read_status(struct clause *clause, void *into, int node)
{
    struct provider_rule *rule = into;
    rule->status = (int)clause_number(clause, node, 100, 999);
}

static void read_at(struct clause *clause, void *into, int node)
{
    struct provider_rule *rule = into;
    clause_texts(clause, node, &rule->at);
    for (size_t i = 0; i < rule->at.count; i++) {
        clause_check_pointer(clause, node, rule->at.items[i]);
    }
}

static void read_eq(struct clause *clause, void *into, int node)
{
    clause_texts(clause, node, &((struct provider_rule *)into)->eq);
}

static void read_not(struct clause *clause, void *into, int node)
{
    clause_texts(clause, node, &((struct provider_rule *)into)->other_than);
}

static void read_has(struct clause *clause, void *into, int node)
{
    clause_texts(clause, node, &((struct provider_rule *)into)->has);
}

static void read_guard(struct clause *clause, void *into, int node)
{
    ((struct provider_rule *)into)->is_guard = clause_bool(clause, node);
}

static void read_drop(struct clause *clause, void *into, int node)
{
    ((struct provider_rule *)into)->drops = clause_bool(clause, node);
}

/* What is wrong with a rule as a whole, or NULL. */
static const char *fault_of(const struct provider_rule *rule)
{
    size_t texts = (size_t)(rule->eq.count > 0) + (rule->has.count > 0) +
                   (rule->other_than.count > 0);
    if (rule->class == PROVIDER_OK) {
        return "the rule has no \"is\": the class it stands for";
    }
    if (rule->status == 0 && rule->at.count + texts == 0) {
        return "the rule has no condition: status, at, eq, not or has";
    }
    if (rule->at.count == 0 && rule->eq.count + rule->other_than.count > 0) {
        return "\"eq\" and \"not\" need \"at\": a pointer to what is compared";
    }
    if (texts > 1) {
        return "a rule has one of \"eq\", \"not\" and \"has\"";
    }
    if (rule->drops && rule->has.count == 0) {
        return "\"drop\" needs \"has\": the words before the symbol";
    }
    return NULL;
}

static void read_rule(struct clause *clause, void *into, int node)
{
    static const struct clause_entry entries[] = {
        {"is", read_is, 0},     {"status", read_status, 0},
        {"at", read_at, 0},     {"eq", read_eq, 0},
        {"not", read_not, 0},   {"has", read_has, 0},
        {"drop", read_drop, 0}, {"guard", read_guard, 0},
    };
    struct provider_rules *rules = into;
    struct provider *provider = clause->provider;
    if (provider->rules_count == PROVIDER_RULES_LIMIT) {
        clause_fail(clause, node, "more than %d rules in all",
                    PROVIDER_RULES_LIMIT);
        return;
    }
    struct provider_rule *rule = &provider->rules[provider->rules_count++];
    rules->count++;
    CHECK(rule == &rules->items[rules->count - 1]);
    *rule = (struct provider_rule){.class = PROVIDER_OK};
    clause_map(clause, rule, node, entries, CLAUSE_COUNT(entries));
    const char *fault = fault_of(rule);
    if (fault != NULL) {
        clause_fail(clause, node, "%s", fault);
    }
}

void rule_read_all(struct clause *clause, struct provider_rules *rules,
                   int node)
{
    const struct provider *provider = clause->provider;
    *rules = (struct provider_rules){
        .items = &provider->rules[provider->rules_count]};
    clause_list(clause, rules, node, read_rule);
}

/* --- Holding -------------------------------------------------------------- */

static bool is_one_of(const struct provider_texts *texts, struct span text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_equal(texts->items[i], text)) {
            return true;
        }
    }
    return false;
}

/* What stands behind the first place where `text` has `part`, but for the case
 * of letters; false where it has none. */
static bool find_behind(struct span text, struct span part, struct span *out)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (span_equal_nocase((struct span){text.data + at, part.len}, part)) {
            size_t end = at + part.len;
            *out = (struct span){text.data + end, text.len - end};
            return true;
        }
    }
    return false;
}

static bool is_any_of(char c, const char *bytes)
{
    return memchr(bytes, c, strlen(bytes)) != NULL;
}

/* The first word of a text, without the marks round it: those of a quotation,
 * or of the end of a sentence. */
static struct span first_word(struct span text)
{
    size_t begin = 0;
    while (begin < text.len && is_any_of(text.data[begin], " \t\"'")) {
        begin++;
    }
    size_t end = begin;
    while (end < text.len && !is_any_of(text.data[end], " \t\r\n\"'<")) {
        end++;
    }
    while (end > begin && is_any_of(text.data[end - 1], ".,;:!")) {
        end--;
    }
    return (struct span){text.data + begin, end - begin};
}

/* Whether what the rule says of a text holds of this one. */
static bool fits(const struct provider_rule *rule, struct span text,
                 struct span *behind)
{
    *behind = span_of("");
    if (rule->eq.count > 0) {
        return is_one_of(&rule->eq, text);
    }
    if (rule->other_than.count > 0) {
        return !is_one_of(&rule->other_than, text);
    }
    if (text.len > RULE_TEXT_LEN_LIMIT) {
        text.len = RULE_TEXT_LEN_LIMIT;
    }
    for (size_t i = 0; i < rule->has.count; i++) {
        struct span rest;
        if (find_behind(text, rule->has.items[i], &rest)) {
            *behind = first_word(rest);
            return true;
        }
    }
    return rule->has.count == 0;
}

static bool holds(const struct provider_rule *rule,
                  const struct rule_scene *scene, struct rule_match *out)
{
    if (rule->status != 0 && rule->status != scene->status) {
        return false;
    }
    if (rule->at.count == 0) {
        out->matched = span_of("");
        return fits(rule, scene->body, &out->behind);
    }
    for (size_t i = 0; scene->has_root && i < rule->at.count; i++) {
        struct document_node node =
            document_find(scene->root, rule->at.items[i]);
        bool is_there =
            node.kind != DOCUMENT_MISSING && node.kind != DOCUMENT_NULL;
        out->matched = document_text(node);
        if (is_there && fits(rule, out->matched, &out->behind)) {
            return true;
        }
    }
    return false;
}

bool rule_find(const struct provider_rules *rules, bool guards,
               const struct rule_scene *scene, struct rule_match *out)
{
    CHECK(rules->count == 0 || rules->items != NULL);
    for (size_t i = 0; i < rules->count; i++) {
        const struct provider_rule *rule = &rules->items[i];
        if (rule->is_guard == guards && holds(rule, scene, out)) {
            out->rule = rule;
            out->number = i + 1;
            return true;
        }
    }
    return false;
}
