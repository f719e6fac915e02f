/* SPDX-License-Identifier: Apache-2.0 */
#include "host/notice.h"

#include "base/check.h"
#include "base/mem.h"
#include "net/mailbox.h"

struct notice {
    struct mail mail; // first
    void (*on_notice)(void *user);
};

struct notice *notice_make(void (*on_notice)(void *user))
{
    struct notice *notice = mem_calloc(1, sizeof(*notice));
    if (notice != NULL) {
        notice->on_notice = on_notice;
    }
    return notice;
}

void notice_post(struct mailbox *mailbox, struct notice *notice)
{
    CHECK(notice != NULL);
    bool is_taken = mailbox_post(mailbox, &notice->mail);
    CHECK(is_taken);
}

void notice_drop(struct notice *notice)
{
    mem_free(notice);
}

IMPLEMENTS(mailbox_mail_fn)
void notice_take(void *user, struct mail *mail)
{
    void (*on_notice)(void *) = ((struct notice *)mail)->on_notice;
    mem_free(mail);
    on_notice(user);
}
