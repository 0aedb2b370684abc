/* policy.h: which certificates a server is expected to show, and which findings about it are to be
 * ignored: a file in INI format, or the built-in one for Apple's push service. */
#ifndef PUSHWATCH_REPORT_JUDGE_POLICY_H
#define PUSHWATCH_REPORT_JUDGE_POLICY_H

#include "../../dissect/flow_record.h"
#include "../finding.h"

struct policy;

/* The built-in policy, as a file that policy_new reads. */
extern const char policy_builtin[];

/* policy_new reads a policy's text. Returns NULL, with a line in error that names line and key, if
 * it is wrong. policy_read does so with a file's. */
MUST_CHECK struct policy *policy_new(char *error, size_t size, const char *text);
MUST_CHECK struct policy *policy_read(char *error, size_t size, const char *path);
void policy_free(struct policy *policy);

/* policy_judge adds what the policy has to say of a flow's server, out->validation being known: an
 * issuer that is not among the expected ones, a leaf that is not among the known ones. */
void policy_judge(const struct policy *policy, struct findings *out,
                  const struct flow_record *record);

/* policy_ignore makes a mere remark, with the reason, of each finding that is to be ignored. */
void policy_ignore(const struct policy *policy, struct findings *out,
                   const struct flow_record *record);

#endif
