/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h -- files that are built in: the page for a browser, and the
 * description of what there is by HTTP.
 *
 * Threads: the worker's.
 */

#pragma once

struct web_request; /* web/web.h */

/* The file of the request's path, which is one of the rows in web/site.c
 * (checked): /, /page.css, /page.js, /icon.svg,
 * /openapi.json. */
void page_show(struct web_request *request);
