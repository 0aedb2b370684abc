/* secrets.c: see secrets.h. */
#include "secrets.h"

#include <stdlib.h>

void secrets_add(struct secrets *secrets, struct span text, uint64_t frame)
{
    if (text.n == 0)
        return;
    if (secrets->count == SECRETS_BLOCKS_MAX || text.n > SECRETS_BYTES_MAX - secrets->bytes) {
        secrets->dropped++;
        return;
    }
    /* Room doubles whenever the count is a power of two. */
    if ((secrets->count & (secrets->count - 1)) == 0) {
        size_t room = secrets->count ? secrets->count * 2 : 1;
        secrets->blocks = xrealloc(secrets->blocks, room * sizeof *secrets->blocks);
    }
    secrets->blocks[secrets->count++] =
        (struct secrets_block){span_of(xmemdup(text.p, text.n), text.n), frame};
    secrets->bytes += text.n;
}

void secrets_forget(struct secrets *secrets, size_t n)
{
    free((void *)(uintptr_t)secrets->blocks[n].text.p);
    secrets->blocks[n].text = span_of(NULL, 0);
}

void secrets_done(struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        free((void *)(uintptr_t)secrets->blocks[i].text.p);
    free(secrets->blocks);
    *secrets = (struct secrets){0};
}
