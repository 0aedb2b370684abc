/* json_witness.h: the objects of what other witnesses say. */
#ifndef PUSHWATCH_REPORT_JSON_WITNESS_H
#define PUSHWATCH_REPORT_JSON_WITNESS_H

#include "json.h"
#include "testimony.h"

/* These write members into an object that the caller has opened, all but `type`. */
void json_table(struct json *json, const struct testimony *told, const struct socket_table *table);
void json_log_file(struct json *json, const struct log_file *log);
void json_socket(struct json *json, const struct told_socket *socket);
void json_log_line(struct json *json, const struct told_line *line);

#endif
