/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <stdbool.h>

#include <quoted/quoted.h>

/* Whether a server said this, so that there was an answer to be timed. */
static bool is_answer(int status)
{
    return status == 0 ||
           (status <= QUOTED_E_UNKNOWN && status >= QUOTED_E_SERVER);
}

void report_request(struct report *report, const char *name,
                    const struct quoted_quote *quote, uint64_t took_ns)
{
    bool is_answered = is_answer(quote->status);
    fprintf(report->out, "Stock Price for %s: $%s\n", name,
            quote->status == 0 ? quote->price.text : "-1");
    fprintf(report->out, "  From server: %s, From client: %s\n",
            quote->server[0] != '\0' ? quote->server : "-", report->client);
    fprintf(report->out, "  request %s %.3f milliseconds\n",
            is_answered ? "answered in" : "not answered in",
            (double)took_ns / 1e6);
    if (is_answered) {
        report->answered++;
        report->answered_ns += took_ns;
    }
}

void report_average(const struct report *report)
{
    if (report->answered == 0) {
        fputs("Average response time: - milliseconds\n", report->out);
        return;
    }
    fprintf(report->out, "Average response time: %.3f milliseconds\n",
            (double)report->answered_ns / (double)report->answered / 1e6);
}
