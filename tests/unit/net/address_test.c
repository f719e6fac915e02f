/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_test.c -- addresses as people write them, and back.  No name is
 * looked up that the machine does not answer itself.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int family_of(const struct address *address)
{
    return address->storage.ss_family;
}

static void addresses_print_as_they_are_parsed(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int family;
        const char *printed;
    } cases[] = {
        {"127.0.0.1:7400", AF_INET, "127.0.0.1:7400"},
        {"0.0.0.0:1", AF_INET, "0.0.0.0:1"},
        {"127.0.0.1:0", AF_INET, "127.0.0.1:0"},
        {"127.0.0.1:65535", AF_INET, "127.0.0.1:65535"},
        {"127.0.0.1:0080", AF_INET, "127.0.0.1:80"},
        {"[::1]:7400", AF_INET6, "[::1]:7400"},
        {"[::]:7400", AF_INET6, "[::]:7400"},
        {"[2001:DB8:0:0::1]:80", AF_INET6, "[2001:db8::1]:80"},
        {"[::ffff:127.0.0.1]:80", AF_INET6, "127.0.0.1:80"},
        {"*:7400", AF_INET6, "[::]:7400"},
        {"unix:/run/quoted.sock", AF_UNIX, "unix:/run/quoted.sock"},
        {"unix:/a:b", AF_UNIX, "unix:/a:b"},
        {"unix:/", AF_UNIX, "unix:/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct address address;
        char printed[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(&address, cases[i].text), 0);
        assert_int_equal(family_of(&address), cases[i].family);
        assert_true(address.len > 0 && address.len <= sizeof(address.storage));
        address_print(printed, &address);
        assert_string_equal(printed, cases[i].printed);
        struct address again;
        char reprinted[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(&again, printed), 0);
        address_print(reprinted, &again);
        assert_string_equal(reprinted, printed);
    }
}

static void every_address_is_narrowed_to_ipv4_once(void **state)
{
    (void)state;
    struct address address;
    char printed[ADDRESS_TEXT_SIZE];
    assert_int_equal(address_parse(&address, "*:7400"), 0);
    assert_false(address_is_narrow(&address));
    assert_true(address_narrow(&address));
    assert_true(address_is_narrow(&address));
    assert_int_equal(address.len, sizeof(struct sockaddr_in));
    address_print(printed, &address);
    assert_string_equal(printed, "0.0.0.0:7400");
    assert_false(address_narrow(&address));
}

/* Who names an address means that one. */
static void other_addresses_are_not_narrowed(void **state)
{
    (void)state;
    const char *const texts[] = {"[::]:7400", "[::1]:7400", "0.0.0.0:7400",
                                 "127.0.0.1:7400", "unix:/s"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct address address;
        char printed[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(&address, texts[i]), 0);
        assert_false(address_narrow(&address));
        assert_false(address_is_narrow(&address));
        address_print(printed, &address);
        assert_string_equal(printed, texts[i]);
    }
}

static void names_are_looked_up(void **state)
{
    (void)state;
    struct addrinfo *found;
    if (getaddrinfo("localhost", NULL, NULL, &found) != 0) {
        skip(); // a chroot without /etc/hosts
    }
    freeaddrinfo(found);
    struct address address;
    char printed[ADDRESS_TEXT_SIZE];
    assert_int_equal(address_parse(&address, "localhost:7400"), 0);
    address_print(printed, &address);
    assert_true(strcmp(printed, "127.0.0.1:7400") == 0 ||
                strcmp(printed, "[::1]:7400") == 0);
}

/* A label of 64 letters is no name: the resolver asks nobody for it. */
static void names_that_are_not_known_are_absent(void **state)
{
    (void)state;
    char text[100];
    memset(text, 'a', 64);
    snprintf(text + 64, sizeof(text) - 64, ":80");
    struct address address;
    assert_int_equal(address_parse(&address, text), ERR_ABSENT);
}

static void other_forms_are_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        ":",
        "7400",
        ":7400",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:99999999999999999999",
        "127.0.0.1:-1",
        "127.0.0.1:+80",
        "127.0.0.1: 80",
        "127.0.0.1:80 ",
        "127.0.0.1:http",
        "127.0.0.1:80:81",
        "::1:7400",
        "::1",
        "[::1]",
        "[::1]7400",
        "[::1]:",
        "[::1:7400",
        "::1]:7400",
        "[]:7400",
        "[*]:7400",
        "[127.0.0.1]:7400",
        "[localhost]:7400",
        "[zz::1]:7400",
        "[::1::2]:7400",
        "unix:",
        "unix:relative",
        "unix:./relative",
        "unix:@abstract",
        "unix: /space",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct address address;
        int err = address_parse(&address, texts[i]);
        if (err != ERR_SYNTAX) {
            fail_msg("'%s' gave %d", texts[i], err);
        }
    }
}

/* A path of a Unix socket has 107 bytes at most. */
static void paths_have_their_bound(void **state)
{
    (void)state;
    const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    for (size_t len = most - 1; len <= most + 1; len++) {
        char text[200];
        memset(text, 'x', sizeof(text));
        memcpy(text, "unix:/", 6);
        text[5 + len] = '\0';
        struct address address;
        assert_int_equal(address_parse(&address, text),
                         len <= most ? 0 : ERR_SYNTAX);
        if (len <= most) {
            char printed[ADDRESS_TEXT_SIZE];
            address_print(printed, &address);
            assert_string_equal(printed, text);
        }
    }
}

static void long_host_is_refused(void **state)
{
    (void)state;
    char text[5000];
    memset(text, '1', sizeof(text));
    snprintf(text + 4000, sizeof(text) - 4000, ":80");
    struct address address;
    assert_int_equal(address_parse(&address, text), ERR_SYNTAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(addresses_print_as_they_are_parsed),
    cmocka_unit_test(every_address_is_narrowed_to_ipv4_once),
    cmocka_unit_test(other_addresses_are_not_narrowed),
    cmocka_unit_test(names_are_looked_up),
    cmocka_unit_test(names_that_are_not_known_are_absent),
    cmocka_unit_test(other_forms_are_refused),
    cmocka_unit_test(paths_have_their_bound),
    cmocka_unit_test(long_host_is_refused),
};

TEST_MAIN(tests)
