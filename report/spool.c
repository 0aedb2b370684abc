/* spool.c: a buffer that overflows into an unnamed temporary file. */
#include "spool.h"

/* Where no file can be had (a read-only system, a sandbox) memory has to do. */
static void spill(struct spool *spool)
{
    if (!spool->file && !spool->no_file)
        spool->file = tmpfile();
    if (!spool->file) {
        spool->no_file = true;
        return;
    }
    if (fwrite(spool->memory.p, 1, spool->memory.n, spool->file) != spool->memory.n)
        spool->failed = true;
    buf_done(&spool->memory);
}

void spool_add(struct spool *spool, struct buf *text)
{
    buf_append(&spool->memory, text->p, text->n);
    text->n = 0;
    if (spool->memory.n > SPOOL_MEMORY_MAX && !spool->no_file)
        spill(spool);
}

bool spool_empty(const struct spool *spool)
{
    return !spool->file && spool->memory.n == 0;
}

bool spool_print(struct spool *spool, FILE *out)
{
    char block[1 << 14];
    if (spool->file) {
        size_t n;
        if (fflush(spool->file) != 0 || fseek(spool->file, 0, SEEK_SET) != 0)
            spool->failed = true;
        while ((n = fread(block, 1, sizeof(block), spool->file)) > 0)
            fwrite(block, 1, n, out);
        if (ferror(spool->file))
            spool->failed = true;
    }
    if (spool->memory.n > 0)
        fwrite(spool->memory.p, 1, spool->memory.n, out);
    return !spool->failed;
}

void spool_done(struct spool *spool)
{
    buf_done(&spool->memory);
    if (spool->file)
        fclose(spool->file);
    *spool = (struct spool){0};
}
