/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h -- the settings file: YAML to a struct conf.
 */

#pragma once

#include "base/span.h"
#include "conf/source.h"

/* Read the text of the file source->file, as the calls of source.h do. */
int reader_read(struct source *source, struct span text);
