/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

int refusal_print(char error[CONF_ERROR_SIZE], int err, const char *format, ...)
{
    CHECK(err < 0);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(error, CONF_ERROR_SIZE, format, args);
    va_end(args);
    CHECK(len >= 0);
    for (char *c = error; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '\x7f') {
            *c = '?'; // what was found is shown, and the text is one line
        }
    }
    return err;
}

int refusal_no_memory(char error[CONF_ERROR_SIZE])
{
    return refusal_print(error, ERR_NOMEM, "no memory for the settings");
}
