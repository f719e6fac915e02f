/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h -- what the makers of generated pages share: print the page, or
 * compare it with the file in docs/, which is how a test notices that it is out
 * of date.
 */

#pragma once

struct buffer; /* base/buffer.h */

/*
 * main() of a maker: without an argument print what `put` appends, with one
 * compare it with that file and say on standard error how to write it anew.
 * Returns the exit status.
 */
int page_main(int argc, char **argv, void (*put)(struct buffer *out));

/* Append the text of a table's cell: a bar would end it. */
void page_put_cell(struct buffer *out, const char *text);
