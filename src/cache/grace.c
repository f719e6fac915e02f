/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/grace.h"

#include <urcu-qsbr.h>

#include "cache/cache.h"

#if defined(__SANITIZE_THREAD__)
#define SHOW_GRACE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHOW_GRACE 1
#endif
#endif

#ifdef SHOW_GRACE

#include <sanitizer/tsan_interface.h>

static char grace;

void grace_before(void)
{
    __tsan_release(&grace);
}

void grace_after(void)
{
    __tsan_acquire(&grace);
}

#else

void grace_before(void)
{
}

void grace_after(void)
{
}

#endif

void cache_reader_join(void)
{
    rcu_register_thread();
}

void cache_reader_pause(void)
{
    grace_before();
    rcu_thread_offline();
}

void cache_reader_resume(void)
{
    rcu_thread_online();
}

void cache_reader_leave(void)
{
    grace_before();
    rcu_unregister_thread();
}
