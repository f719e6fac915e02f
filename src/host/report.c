/* SPDX-License-Identifier: Apache-2.0 */
#include "host/report.h"

#include "base/check.h"
#include "base/mem.h"
#include "net/mailbox.h"

struct report {
    struct mail mail; // first
    void (*on_report)(void *user);
};

struct report *report_make(void (*on_report)(void *user))
{
    struct report *report = mem_calloc(1, sizeof(*report));
    if (report != NULL) {
        report->on_report = on_report;
    }
    return report;
}

void report_post(struct mailbox *mailbox, struct report *report)
{
    CHECK(report != NULL);
    bool is_taken = mailbox_post(mailbox, &report->mail);
    CHECK(is_taken);
}

void report_drop(struct report *report)
{
    mem_free(report);
}

IMPLEMENTS(mailbox_mail_fn)
void report_take(void *user, struct mail *mail)
{
    void (*on_report)(void *) = ((struct report *)mail)->on_report;
    mem_free(mail);
    on_report(user);
}
