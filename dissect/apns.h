/* apns.h: the commands of an APNs stream, out of what its TLS records hold: a byte of command, four
 * of length, fields (facts of pushproxy, pypush and rustpush, which have read it). */
#ifndef PUSHWATCH_DISSECT_APNS_H
#define PUSHWATCH_DISSECT_APNS_H

#include "cursor.h"
#include "tls_facts.h"

enum apns_verdict { APNS_UNDECIDED, APNS_IS, APNS_IS_NOT };

/* The reader of one direction; all zero at the start. */
struct apns_stream {
    uint32_t left; /* bytes of the command's body to come */
    uint16_t field_left, field_length;
    uint8_t header[5], field[3]; /* command and length; id and length of a field */
    uint8_t header_have, field_have;
    uint8_t verdict; /* enum apns_verdict */
    bool lost;       /* after a hole: a command may begin where a record does */
    bool kept;       /* the command is the facts' last of this direction, at */
    uint16_t at;
};

/* Where some bytes came from: a record. */
struct apns_where {
    nanotime time;
    uint64_t frame;
    unsigned direction;
    bool from_client;
};

/* apns_take reads a record's content. `certain` tells that the ends have agreed on the protocol;
 * otherwise it is known by how it begins. Commands go to *facts, made when it is NULL and there is
 * one. With `values` what the fields hold is kept, too. */
void apns_take(struct apns_stream *stream, struct apns_facts **facts, struct span content,
               const struct apns_where *where, bool certain, bool values);

/* apns_gap says that content is missing, apns_end that none follows. */
void apns_gap(struct apns_stream *stream, struct apns_facts *facts);
void apns_end(struct apns_stream *stream, struct apns_facts *facts);

/* apns_memory gives the bytes that facts take; apns_free frees them. NULL is fine. */
size_t apns_memory(const struct apns_facts *facts);
void apns_free(struct apns_facts *facts);

#endif
