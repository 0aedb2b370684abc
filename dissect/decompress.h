/* decompress.h: the compression of certificates in TLS 1.3: RFC 8879. */
#ifndef PUSHWATCH_DISSECT_DECOMPRESS_H
#define PUSHWATCH_DISSECT_DECOMPRESS_H

#include "../capture/base.h"

/* CertificateCompressionAlgorithm: RFC 8879 section 7.3. */
enum { COMPRESSION_ZLIB = 1, COMPRESSION_BROTLI = 2, COMPRESSION_ZSTD = 3 };

/* decompress appends exactly `length` bytes to *out. Returns false, with *out as it was, if the
 * bytes do not give as many, if there are more behind them, or if nobody here knows the algorithm.
 * The caller bounds `length`, and with it what this costs. */
MUST_CHECK bool decompress(struct buf *out, uint16_t algorithm, struct span bytes, size_t length);

#endif
