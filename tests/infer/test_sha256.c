/* The CPU's SHA-256 against known sums and against libsodium's, at every length around the blocks' edges. */
#include "infer/sha256.h"
#include "support.h"
#include <sodium.h>
#include <string.h>

static void known_sums(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } known[] = {
        /* FIPS 180-4's examples, and nothing at all */
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint8_t sum[32];
        char hex[65];
        mn_sha256((const uint8_t *)known[i].text, strlen(known[i].text), sum);
        assert_string_equal(sodium_bin2hex(hex, sizeof hex, sum, sizeof sum), known[i].hex);
    }
}

static void every_length_agrees_with_libsodium(void **state)
{
    (void)state;
    static uint8_t bytes[100001];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)mn_test_random(&seed);
    for (size_t n = 0; n <= sizeof bytes; n = n < 300 ? n + 1 : n * 2 + 1) {
        uint8_t ours[32], theirs[32];
        mn_sha256(bytes + 1, n < sizeof bytes ? n : n - 1, ours); /* not aligned */
        crypto_hash_sha256(theirs, bytes + 1, n < sizeof bytes ? n : n - 1);
        assert_memory_equal(ours, theirs, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums),
        cmocka_unit_test(every_length_agrees_with_libsodium),
    };
    return cmocka_run_group_tests_name("infer sha256", tests, NULL, NULL);
}
