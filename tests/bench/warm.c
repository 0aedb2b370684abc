/* warm.c: brings back what the host of a virtual machine has taken from it meanwhile: memory that
 * was free, pages of a file that were not read for a while. Whoever touches these first waits for
 * them, up to milliseconds for 2 MiB, and a program that is measured after one that took more
 * memory would be the faster for it: warm MIB [FILE...] */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int touch(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("warm");
        return -1;
    }
    madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 1, size);
    return munmap(memory, size);
}

static int read_all(const char *path)
{
    static char block[128 * 1024];
    int file = open(path, O_RDONLY);
    ssize_t n = file < 0 ? -1 : 1;
    while (n > 0)
        n = read(file, block, sizeof block);
    if (n < 0)
        fprintf(stderr, "warm: %s: %s\n", path, strerror(errno));
    if (file >= 0)
        close(file);
    return (int)n;
}

int main(int argc, char **argv)
{
    size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (mib == 0) {
        fprintf(stderr, "Usage: warm MIB [FILE...]\n");
        return 2;
    }
    bool is_warm = touch(mib * 1024 * 1024) == 0;
    for (int i = 2; i < argc; i++)
        is_warm = read_all(argv[i]) == 0 && is_warm;
    return !is_warm;
}
