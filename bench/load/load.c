/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c -- ask a server as fast as it answers, or at a rate, and measure.
 *
 *     load --port N --framing resp --requests FILE [OPTION]...
 *
 * One thread, one epoll, any number of connections, each with so many requests
 * in flight.  FILE holds the requests, each behind its length (4 bytes, little
 * endian); connections take them in turn.  Prints one line of JSON: how many,
 * how long, what the servers' processes took of the CPU meanwhile (by the
 * kernel's own accounting), and how long the answers took.
 *
 * Closed loop: a connection sends when an answer has come.  Open loop (--rate):
 * requests are due at even times, and an answer's time counts from when its
 * request was due, however late it could be sent; so a server that stands still
 * is not flattered by the requests that nobody made meanwhile.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/framing.h"
#include "bench/load/histogram.h"
#include "bench/load/options.h"

#define EVENTS     256
#define READ_BYTES OPTIONS_FIXED_LIMIT

/* So much of a connection is sent at once, about. */
#define SEND_BYTES 65536

/* Nothing came for so long: the server does not answer any more. */
#define SILENT_MS 20000

struct request {
    const char *data;
    uint32_t len;
};

struct peer {
    int fd;
    struct framing framing;
    size_t begin_left; /* replies to what was sent first */
    uint64_t *sent_ns; /* of those in flight, a ring of `flight` */
    size_t first;      /* of them */
    size_t in_flight;  /* of them */
    uint64_t due_ns;   /* of the next one, in an open loop */
    size_t next;       /* of the requests */
    char *out;         /* out_limit and the longest request */
    size_t out_limit;  /* nothing is added to so much */
    size_t out_len;
    size_t out_at;
    bool is_writing; /* waits until it can be written to */
};

struct load {
    struct options options;
    char *file;
    struct request *requests;
    size_t requests_count;
    uint32_t longest;
    struct peer *peers;
    int epoll;
    uint64_t started; /* requests, also to warm up */
    uint64_t ended;
    uint64_t slots; /* in an open loop: of those that are due, dealt out */
    uint64_t first_slot_ns;
    bool is_measuring;
    uint64_t begun_ns;
    uint64_t server_cpu_ns;
    uint64_t own_cpu_ns;
    struct histogram times;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static void *take_memory(size_t count, size_t size)
{
    void *taken = calloc(count, size);
    if (taken == NULL) {
        options_fail("no memory", "");
    }
    return taken;
}

/* --- The CPU time of others -------------------------------------------------
 */

/* Of one thread, in nanoseconds: the first number of its schedstat. */
static uint64_t thread_cpu_ns(const char *path)
{
    char text[96];
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof(text), file) == NULL) {
        text[0] = '\0'; // it has ended meanwhile
    }
    if (file != NULL) {
        fclose(file);
    }
    return strtoull(text, NULL, 10);
}

static uint64_t process_cpu_ns(int pid)
{
    char folder[64];
    snprintf(folder, sizeof(folder), "/proc/%d/task", pid);
    DIR *tasks = opendir(folder);
    if (tasks == NULL) {
        options_fail("no such process", folder);
    }
    uint64_t sum = 0;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[400];
        if (task->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s/schedstat", folder, task->d_name);
        sum += thread_cpu_ns(path);
    }
    closedir(tasks);
    return sum;
}

static uint64_t servers_cpu_ns(const struct options *options)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < options->pids_count; i++) {
        sum += process_cpu_ns(options->pids[i]);
    }
    return sum;
}

/* --- Connections ------------------------------------------------------------
 */

static int connect_to(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        options_fail("connect", strerror(errno));
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        options_fail("fcntl", strerror(errno));
    }
    return fd;
}

static void watch(struct load *load, struct peer *peer, int operation)
{
    struct epoll_event event = {
        .events = peer->is_writing ? EPOLLIN | EPOLLOUT : EPOLLIN,
        .data.ptr = peer,
    };
    if (epoll_ctl(load->epoll, operation, peer->fd, &event) != 0) {
        options_fail("epoll_ctl", strerror(errno));
    }
}

static void flush(struct load *load, struct peer *peer)
{
    while (peer->out_at < peer->out_len) {
        ssize_t sent = send(peer->fd, peer->out + peer->out_at,
                            peer->out_len - peer->out_at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            break;
        }
        if (sent < 0) {
            options_fail("send", strerror(errno));
        }
        peer->out_at += (size_t)sent;
    }
    bool is_writing = peer->out_at < peer->out_len;
    if (!is_writing) {
        peer->out_at = peer->out_len = 0;
    }
    if (is_writing != peer->is_writing) {
        peer->is_writing = is_writing;
        watch(load, peer, EPOLL_CTL_MOD);
    }
}

/* --- Requests ---------------------------------------------------------------
 */

static bool may_start(const struct load *load)
{
    const struct options *options = &load->options;
    return load->started < options->warm + options->count;
}

/* Compose the next request of a connection. */
static void compose(struct load *load, struct peer *peer, uint64_t since_ns)
{
    const struct request *request = &load->requests[peer->next];
    memcpy(peer->out + peer->out_len, request->data, request->len);
    peer->out_len += request->len;
    peer->next++;
    peer->next = peer->next == load->requests_count ? 0 : peer->next;
    size_t last = peer->first + peer->in_flight;
    last = last >= load->options.flight ? last - load->options.flight : last;
    peer->sent_ns[last] = since_ns;
    peer->in_flight++;
    load->started++;
}

/* Nanoseconds from one request of a connection to its next. */
static uint64_t pace_ns(const struct options *options)
{
    return (uint64_t)(1e9 * (double)options->connections / options->rate);
}

/* When a request is due, counted over all connections. */
static uint64_t slot_ns(const struct load *load, uint64_t slot)
{
    return load->first_slot_ns +
           (uint64_t)(1e9 * (double)slot / load->options.rate);
}

/* Send what may be sent now. */
static void ask(struct load *load, struct peer *peer, uint64_t now)
{
    const struct options *options = &load->options;
    bool is_open_loop = options->rate > 0;
    if (peer->begin_left > 0) {
        return;
    }
    while (may_start(load) && peer->in_flight < options->flight &&
           peer->out_len < peer->out_limit) {
        if (is_open_loop && peer->due_ns > now) {
            break;
        }
        compose(load, peer, is_open_loop ? peer->due_ns : now);
        peer->due_ns += is_open_loop ? pace_ns(options) : 0;
    }
    flush(load, peer);
}

static void begin_measuring(struct load *load)
{
    load->is_measuring = true;
    load->times = (struct histogram){.count = 0};
    load->server_cpu_ns = servers_cpu_ns(&load->options);
    load->own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    load->begun_ns = now_ns();
}

static void end_replies(struct load *load, struct peer *peer, size_t count,
                        uint64_t now)
{
    for (; count > 0 && peer->begin_left > 0; count--) {
        peer->begin_left--;
    }
    if (count > peer->in_flight) {
        options_fail("a reply that nobody asked for", "");
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t since_ns = peer->sent_ns[peer->first];
        peer->first++;
        peer->first = peer->first == load->options.flight ? 0 : peer->first;
        if (load->is_measuring) {
            histogram_add(&load->times, now - since_ns);
        }
    }
    peer->in_flight -= count;
    load->ended += count;
    if (!load->is_measuring && load->ended >= load->options.warm) {
        begin_measuring(load);
    }
}

static void hear(struct load *load, struct peer *peer)
{
    static char bytes[READ_BYTES];
    ssize_t got = recv(peer->fd, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        options_fail("the server ended a connection",
                     got < 0 ? strerror(errno) : "closed");
    }
    size_t ended = framing_take(&peer->framing, bytes, (size_t)got);
    if (peer->framing.is_bad) {
        options_fail("no reply of this framing", peer->framing.line);
    }
    uint64_t now = now_ns();
    end_replies(load, peer, ended, now);
    if (ended > 0) {
        ask(load, peer, now);
    }
}

/* --- The run ----------------------------------------------------------------
 */

static void open_peer(struct load *load, struct peer *peer, size_t number)
{
    const struct options *options = &load->options;
    framing_init(&peer->framing, options->framing, options->fixed);
    peer->fd = connect_to(options->port);
    peer->sent_ns = take_memory(options->flight, sizeof(uint64_t));
    size_t together = options->flight * load->longest;
    peer->out_limit = together < SEND_BYTES ? together : SEND_BYTES;
    peer->out = take_memory(1, peer->out_limit + load->longest);
    peer->next = load->requests_count * number / options->connections;
    peer->next = (peer->next + options->first) % load->requests_count;
    peer->begin_left = options->begin_replies;
    watch(load, peer, EPOLL_CTL_ADD);
}

static void open_all(struct load *load, const char *begin, size_t begin_len)
{
    const struct options *options = &load->options;
    load->peers = take_memory(options->connections, sizeof(struct peer));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < options->idle; i++) {
        (void)connect_to(options->port); // until this program's end
    }
    for (size_t i = 0; i < options->connections; i++) {
        open_peer(load, &load->peers[i], i);
    }
    load->first_slot_ns = now_ns();
    for (size_t i = 0; i < options->connections; i++) {
        struct peer *peer = &load->peers[i];
        if (options->rate > 0) {
            peer->due_ns = slot_ns(load, i);
        }
        if (begin_len > 0 && send(peer->fd, begin, begin_len, MSG_NOSIGNAL) !=
                                 (ssize_t)begin_len) {
            options_fail("send", strerror(errno));
        }
        ask(load, peer, now_ns());
    }
}

/* Wait for answers, or until a request is due; those that are due by now are
 * asked first, by their connections in turn. */
static int wait_for_answers(struct load *load, struct epoll_event *events)
{
    if (load->options.rate <= 0) {
        return epoll_wait(load->epoll, events, EVENTS, SILENT_MS);
    }
    uint64_t now = now_ns();
    for (; slot_ns(load, load->slots) <= now; load->slots++) {
        ask(load, &load->peers[load->slots % load->options.connections], now);
    }
    uint64_t left_ns = slot_ns(load, load->slots) - now;
    struct timespec left = {
        .tv_sec = (time_t)(left_ns / 1000000000u),
        .tv_nsec = (long)(left_ns % 1000000000u),
    };
    return epoll_pwait2(load->epoll, events, EVENTS, &left, NULL);
}

static void run(struct load *load)
{
    struct epoll_event events[EVENTS];
    uint64_t all = load->options.warm + load->options.count;
    uint64_t heard_ns = now_ns();
    if (load->options.warm == 0) {
        begin_measuring(load);
    }
    while (load->ended < all) {
        int ready = wait_for_answers(load, events);
        if (ready < 0 && errno != EINTR) {
            options_fail("epoll", strerror(errno));
        }
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            if ((events[i].events & EPOLLOUT) != 0) {
                flush(load, peer);
            }
            hear(load, peer);
        }
        uint64_t now = now_ns();
        heard_ns = ready > 0 ? now : heard_ns;
        if (now - heard_ns > SILENT_MS * UINT64_C(1000000)) {
            options_fail("no answer any more", "");
        }
    }
}

static void report(const struct load *load)
{
    double seconds = (double)(now_ns() - load->begun_ns) / 1e9;
    uint64_t count = load->times.count;
    uint64_t errors = 0;
    for (size_t i = 0; i < load->options.connections; i++) {
        errors += load->peers[i].framing.errors;
    }
    double server_us =
        (double)(servers_cpu_ns(&load->options) - load->server_cpu_ns) / 1e3;
    double own_us =
        (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - load->own_cpu_ns) / 1e3;
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"rate\": %.1f, "
           "\"errors\": %llu, \"server_cpu_us\": %.4f, \"load_cpu_us\": %.4f",
           (unsigned long long)count, seconds, (double)count / seconds,
           (unsigned long long)errors, server_us / (double)count,
           own_us / (double)count);
    static const struct {
        const char *name;
        double part;
    } parts[] = {{"p50", .5},
                 {"p90", .9},
                 {"p99", .99},
                 {"p999", .999},
                 {"p9999", .9999}};
    printf(", \"mean_us\": %.3f",
           (double)load->times.sum / (double)count / 1e3);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        printf(", \"%s_us\": %.3f", parts[i].name,
               (double)histogram_at(&load->times, parts[i].part) / 1e3);
    }
    printf(", \"max_us\": %.3f}\n", (double)load->times.most / 1e3);
}

/* --- What to do -------------------------------------------------------------
 */

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        options_fail(path, strerror(errno));
    }
    *len = (size_t)about.st_size;
    char *bytes = take_memory(1, *len + 1);
    if (fread(bytes, 1, *len, file) != *len) {
        options_fail(path, "can't be read");
    }
    fclose(file);
    return bytes;
}

static void read_requests(struct load *load)
{
    size_t len;
    load->file = read_file(load->options.requests, &len);
    size_t at = 0;
    for (int pass = 0; pass < 2; pass++) {
        size_t count = 0;
        for (at = 0; at + sizeof(uint32_t) <= len; count++) {
            uint32_t size;
            memcpy(&size, load->file + at, sizeof(size));
            at += sizeof(size);
            if (size > len - at || size == 0) {
                options_fail(load->options.requests, "a length that can't be");
            }
            if (pass == 1) {
                load->requests[count] = (struct request){load->file + at, size};
            }
            load->longest = size > load->longest ? size : load->longest;
            at += size;
        }
        if (pass == 0) {
            load->requests_count = count;
            load->requests = take_memory(count + 1, sizeof(struct request));
        }
    }
    if (load->requests_count == 0 || at != len) {
        options_fail(load->options.requests, "no requests, or half of one");
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    options_read(&load.options, argc, argv);
    prctl(PR_SET_TIMERSLACK, 1ul); // or requests are sent 50 us late
    size_t begin_len = 0;
    char *begin = load.options.begin == NULL
                      ? NULL
                      : read_file(load.options.begin, &begin_len);
    read_requests(&load);
    open_all(&load, begin, begin_len);
    free(begin);
    run(&load);
    report(&load);
    return 0;
}
