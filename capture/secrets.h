/* secrets.h: the TLS secrets that captures carry with them, in the order in which they were found.
 */
#ifndef PUSHWATCH_CAPTURE_SECRETS_H
#define PUSHWATCH_CAPTURE_SECRETS_H

#include "base.h"

enum {
    /* All texts of all inputs together. A line of a key log has about 200 bytes, a connection four
     * of them: twenty thousand connections. */
    SECRETS_BYTES_MAX = 16 << 20,
    /* Programs add a block for each of a few connections at a time. */
    SECRETS_BLOCKS_MAX = 1 << 16
};

struct secrets_block {
    struct span text;
    uint64_t frame;
};

/* Zero-initialise it; free with secrets_done. */
struct secrets {
    struct secrets_block *blocks;
    size_t count, bytes;
    uint64_t dropped; /* blocks for which there was no room */
};

/* secrets_add adds a copy of a text. `frame` as in source_secrets. */
void secrets_add(struct secrets *secrets, struct span text, uint64_t frame);

/* secrets_forget frees the n-th text, which is empty then. It still counts in `bytes`: how much is
 * taken must not depend on when that is. */
void secrets_forget(struct secrets *secrets, size_t n);

void secrets_done(struct secrets *secrets);

#endif
