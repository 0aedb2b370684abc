/* community_id.h: Community ID v1 (github.com/corelight/community-id-spec), seed 0. */
#ifndef PUSHWATCH_REPORT_COMMUNITY_ID_H
#define PUSHWATCH_REPORT_COMMUNITY_ID_H

#include "../dissect/flow_record.h"

/* `1:`, 28 characters of Base64, a NUL. */
enum { COMMUNITY_ID_SIZE = 31 };

/* community_id_of writes the identifier of a TCP connection; the order of its ends is no matter. */
void community_id_of(char text[COMMUNITY_ID_SIZE], const struct endpoint ends[2]);

#endif
