/* SPDX-License-Identifier: Apache-2.0 */
#include "net/mailbox.h"

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "net/loop.h"

static struct mail *take_all(struct mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    struct mail *first = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    uv_mutex_unlock(&mailbox->lock);
    return first;
}

static void deliver_all(struct mailbox *mailbox)
{
    struct mail *next;
    for (struct mail *mail = take_all(mailbox); mail != NULL; mail = next) {
        next = mail->next;
        mailbox->on_mail(mailbox->user, mail);
    }
}

static void on_async(uv_async_t *async)
{
    struct mailbox *mailbox = async->data;
    loop_wake(mailbox->loop);
    deliver_all(mailbox);
}

int mailbox_init(struct mailbox *mailbox, struct loop *loop,
                 mailbox_mail_fn on_mail, void *user)
{
    *mailbox = (struct mailbox){
        .loop = loop,
        .on_mail = on_mail,
        .user = user,
        .last = &mailbox->first,
    };
    if (uv_mutex_init(&mailbox->lock) != 0) {
        return ERR_IO;
    }
    if (uv_async_init(&loop->uv, &mailbox->async, on_async) != 0) {
        uv_mutex_destroy(&mailbox->lock);
        return ERR_IO;
    }
    mailbox->async.data = mailbox;
    return 0;
}

bool mailbox_post(struct mailbox *mailbox, struct mail *mail)
{
    mail->next = NULL;
    uv_mutex_lock(&mailbox->lock);
    bool is_open = !mailbox->is_closed;
    bool was_empty = mailbox->first == NULL;
    if (is_open) {
        *mailbox->last = mail;
        mailbox->last = &mail->next;
        if (was_empty) {
            // Under the lock: closing the handle waits for it.
            int err = uv_async_send(&mailbox->async);
            CHECK(err == 0);
        }
    }
    uv_mutex_unlock(&mailbox->lock);
    return is_open;
}

void mailbox_close(struct mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    uv_mutex_unlock(&mailbox->lock);
    deliver_all(mailbox);
    uv_close((uv_handle_t *)&mailbox->async, NULL);
}

void mailbox_deinit(struct mailbox *mailbox)
{
    CHECK(mailbox->is_closed && mailbox->first == NULL);
    uv_mutex_destroy(&mailbox->lock);
}
