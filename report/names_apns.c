/* names_apns.c: the commands of APNs, as those who have read them call them. */
#include "code_name.h"
#include "names.h"

#include <stdio.h>

const char *names_apns(uint8_t command)
{
    static const struct code_name table[] = {
        {0x07, "connect"},
        {0x08, "connect ack"},
        {0x09, "topics"},
        {0x0a, "notification"},
        {0x0b, "notification ack"},
        {0x0c, "keep-alive"},
        {0x0d, "keep-alive ack"},
        {0x0e, "no storage"},
        {0x0f, "flush"},
        {0x10, "flush ack"},
        {0x11, "app token"},
        {0x12, "app token ack"},
        {0x13, "active interval"},
        {0x14, "state"},
        {0x1d, "channels"},
    };
    return code_name_find(table, COUNT_OF(table), command);
}

const char *names_apns_code(struct name_room *room, uint8_t command)
{
    snprintf(room->text, sizeof room->text, "%02x", command);
    return room->text;
}
