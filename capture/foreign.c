/* foreign.c: see foreign.h. */
#include "foreign.h"

static const struct {
    const char *bytes;
    size_t n;
    const char *name;
} others[] = {
    {"\xff\xd8\xff", 3, "a JPEG image?"},
    {"\x89PNG", 4, "a PNG image?"},
    {"GIF8", 4, "a GIF image?"},
    {"%PDF", 4, "a PDF document?"},
    {"PK\x03\x04", 4, "a ZIP archive?"},
    {"\x7f"
     "ELF",
     4, "a program?"},
    {"snoo", 4, "a snoop capture? `editcap -F pcap` converts it"},
};

static const struct {
    const char *bytes;
    size_t n;
    const char *name, *command;
} compressions[] = {
    {"BZh", 3, "bzip2", "bzip2 -dc"},
    {"\xfd\x37\x7a\x58", 4, "xz", "xz -dc"},
    {"\x1f\x9d", 2, "compress", "gzip -dc"},
    {"\x02\x21\x4c\x18", 4, "lz4's legacy format", "lz4 -dc"},
};

const char *foreign_guess(const uint8_t magic[4])
{
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (memcmp(magic, others[i].bytes, others[i].n) == 0)
            return others[i].name;
    return NULL;
}

const char *foreign_compression(const char **command, const uint8_t magic[4])
{
    for (size_t i = 0; i < COUNT_OF(compressions); i++)
        if (memcmp(magic, compressions[i].bytes, compressions[i].n) == 0) {
            *command = compressions[i].command;
            return compressions[i].name;
        }
    return NULL;
}
