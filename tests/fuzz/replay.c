/* replay.c: runs a fuzz target on files, without a fuzzer: for other compilers than clang, and to
 * measure what seeds cover. TARGET FILE... */
#include <stdio.h>
#include <stdlib.h>

#include "../../capture/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *path)
{
    struct buf input = {0};
    uint8_t block[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&input, block, n);
    bool read = !ferror(file);
    fclose(file);
    uint8_t *exact = xmalloc(input.n); /* so that a read beyond its end is seen */
    memcpy(exact, input.p ? input.p : block, input.n);
    if (read)
        (void)LLVMFuzzerTestOneInput(exact, input.n);
    free(exact);
    buf_done(&input);
    return read;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!replay(argv[i])) {
            fprintf(stderr, "%s: can't be read\n", argv[i]);
            return 1;
        }
    return argc < 2;
}
