/* fuzz_known.c: files of known certificates. What is taken is written so that it is taken again. */
#include "../../report/known_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[128];
    struct known_certs *known = known_certs_new(), *again = known_certs_new();
    if (known_text_read(known, error, sizeof error, span_of(data, size))) {
        struct buf text = {0}, other = {0};
        known_text_write(&text, known);
        if (!known_text_read(again, error, sizeof error, span_of(text.p, text.n)))
            abort();
        known_text_write(&other, again);
        if (!span_equal(span_of(text.p, text.n), span_of(other.p, other.n)))
            abort();
        buf_done(&text);
        buf_done(&other);
    }
    known_certs_free(known);
    known_certs_free(again);
    return 0;
}
