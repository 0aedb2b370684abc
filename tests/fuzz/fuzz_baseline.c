/* fuzz_baseline.c: a former report that is none. */
#include "../../report/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[128];
    if (size == 0)
        return 0;
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
    if (!in)
        return 0;
    struct baseline *baseline = baseline_read(in, error, sizeof error);
    fclose(in);
    if (baseline)
        (void)baseline_knows(baseline, span_of("reset 192.0.2.1", 15));
    baseline_free(baseline);
    return 0;
}
