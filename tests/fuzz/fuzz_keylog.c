/* fuzz_keylog.c: the text of a key log, in two parts as a file that grows is read. */
#include "../../dissect/keylog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t random[TLS_RANDOM_BYTES];
    struct keylog *keylog = keylog_new();
    struct keylog_counts counts = {0};
    keylog_add(keylog, &counts, span_of(data, size / 2));
    keylog_add(keylog, &counts, span_of(data + size / 2, size - size / 2));
    if (counts.secrets + counts.malformed + counts.ignored > counts.lines ||
        counts.first_malformed > counts.lines || keylog_is_of_use(keylog) != (counts.secrets > 0))
        abort();
    for (unsigned label = 0; label < KEYLOG_LABELS; label++) {
        const struct tls_secret *secret = keylog_find(keylog, (enum keylog_label)label, random);
        if (secret && secret->length != 32 && secret->length != TLS_SECRET_MAX)
            abort();
    }
    keylog_free(keylog);
    return 0;
}
