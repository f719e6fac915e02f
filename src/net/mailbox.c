/* SPDX-License-Identifier: Apache-2.0 */
#include "net/mailbox.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

/* Letters posted from now on ring again. */
static void quiet(struct mailbox *mailbox)
{
    eventfd_t rings;
    (void)eventfd_read(mailbox->bell, &rings); // at worst it is rung in vain
}

static void on_bell(uv_poll_t *poll, int status, int events)
{
    (void)status; // an eventfd has no errors
    (void)events;
    struct mailbox *mailbox = poll->data;
    loop_wake(mailbox->loop);
    quiet(mailbox);
    deliver_all(mailbox);
}

static int listen_for_bell(struct mailbox *mailbox)
{
    mailbox->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->bell < 0) {
        return ERR_IO;
    }
    int err = uv_poll_init(&mailbox->loop->uv, &mailbox->poll, mailbox->bell);
    if (err != 0) {
        close(mailbox->bell);
        return ERR_IO;
    }
    mailbox->poll.data = mailbox;
    err = uv_poll_start(&mailbox->poll, UV_READABLE, on_bell);
    CHECK(err == 0); // the descriptor can be polled, or it had failed above
    return 0;
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
    int err = listen_for_bell(mailbox);
    if (err != 0) {
        uv_mutex_destroy(&mailbox->lock);
    }
    return err;
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
    }
    uv_mutex_unlock(&mailbox->lock);
    if (is_open && was_empty) {
        // Not under the lock, for which who is woken would wait at once.
        int err = eventfd_write(mailbox->bell, 1);
        CHECK(err == 0); // it is quieted long before it has counted so far
    }
    return is_open;
}

void mailbox_close(struct mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    uv_mutex_unlock(&mailbox->lock);
    deliver_all(mailbox);
    uv_close((uv_handle_t *)&mailbox->poll, NULL);
}

void mailbox_deinit(struct mailbox *mailbox)
{
    CHECK(mailbox->is_closed && mailbox->first == NULL);
    close(mailbox->bell);
    uv_mutex_destroy(&mailbox->lock);
}
