/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h -- a YAML document as a tree of nodes that know their lines.
 *
 * libyaml is included in yaml.c only.  (libcyaml, which fills C structs from
 * YAML, was tried first: release 1.3 knows no ranges and no units and does not
 * hand out the line of a value, so its errors could not say what ours must.)
 *
 * A node is a small number; 0 is "no node".  Nodes live as long as the
 * document.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

struct yaml; /* opaque; see yaml.c */

#define YAML_ERROR_SIZE  256
#define YAML_BYTES_LIMIT (1u << 20) /* a settings file is never this long */

enum yaml_kind {
    YAML_NOTHING, /* node 0 */
    YAML_SCALAR,  /* text; what it means is the reader's business */
    YAML_LIST,
    YAML_MAP,
};

/*
 * Read the one document in `text` (an empty text is an empty map).  Returns 0
 * and *out is the caller's, to be ended with yaml_destroy(); else ERR_SYNTAX
 * (with *line from 1 and a sentence in `error`; a key that stands twice in a
 * map counts, and so do aliases, which settings have no use for), ERR_FULL
 * beyond YAML_BYTES_LIMIT, or ERR_NOMEM.  Threads: any.
 */
int yaml_parse(struct yaml **out, struct span text, size_t *line,
               char error[YAML_ERROR_SIZE]);

/* Free and set *yaml to NULL; NULL already is allowed. */
void yaml_destroy(struct yaml **yaml);

/* The document's top node.  Threads: any, as all below. */
int yaml_root(const struct yaml *yaml);

/* What a node is. */
enum yaml_kind yaml_kind_of(const struct yaml *yaml, int node);

/* The line on which a node begins, from 1. */
size_t yaml_line(const struct yaml *yaml, int node);

/* A scalar's text; empty for other kinds.  BORROWED from the document. */
struct span yaml_text(const struct yaml *yaml, int node);

/* Number of items of a list or pairs of a map; 0 for other kinds. */
size_t yaml_count(const struct yaml *yaml, int node);

/* Item `at` of a list, or the value of pair `at` of a map; 0 past the end. */
int yaml_item(const struct yaml *yaml, int node, size_t at);

/* The key node of pair `at` of a map; 0 past the end. */
int yaml_key(const struct yaml *yaml, int node, size_t at);

/* The value of a key in a map; 0 where it is absent or `node` is no map. */
int yaml_find(const struct yaml *yaml, int node, const char *key);
