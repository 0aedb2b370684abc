/* fuzz_capture.c: any bytes as a capture, through everything, to both reports: what is written must
 * be well-formed, and not depend on how many bytes were read at once. The first byte chooses what
 * is watched, in which order flows are reported, and how few connections are kept. */
#include "../whole_run.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct whole_options options = {.threads = 1,
                                    .any_port = data[0] & 1,
                                    .order_end = data[0] & 2,
                                    .max_flows = data[0] & 4 ? 2 : 0};
    struct whole_run one = {0}, other = {0};
    whole_run(&one, span_of(data + 1, size - 1), &options);
    options.block = 1;
    whole_run(&other, span_of(data + 1, size - 1), &options);
    if (whole_run_fault(&one) || whole_run_fault(&other))
        abort();
    if (one.packets != other.packets || one.json_size != other.json_size ||
        (one.json && memcmp(one.json, other.json, one.json_size) != 0) ||
        one.text_size != other.text_size ||
        (one.text && memcmp(one.text, other.text, one.text_size) != 0))
        abort();
    whole_run_done(&one);
    whole_run_done(&other);
    return 0;
}
