/* test_rhythm.c: what is said of many connections of one client to one server. */
#include "../report/judge/judge.h"
#include "records.h"

#include <setjmp.h>

#include <cmocka.h>

#include "found.h"

#define MINUTE (60 * NS_PER_SECOND)

struct run {
    struct judge *judge;
    struct run_meta meta;
    struct findings findings;
    struct buf summary; /* of the finding that was asked for */
};

static void begin(struct run *run)
{
    *run = (struct run){.meta = made_meta()};
    run->judge = judge_new(&run->meta);
}

/* Begins a made flow at another time, `lasting` that long. */
static void add(struct run *run, struct made_flow *flow, nanotime start, nanotime lasting)
{
    flow->record.start = made_epoch + start;
    flow->record.end = flow->record.start + lasting;
    judge_remember(run->judge, &flow->record, &(struct findings){0});
}

/* ... that its client closes after a while, while its last packet comes 300 ms after its first. */
static void add_closed(struct run *run, struct made_flow *flow, nanotime start, nanotime after)
{
    struct end_record *client = &flow->record.tcp.ends[CLIENT];
    nanotime closed = made_epoch + start + after;
    if (client->fin_time)
        client->fin_time = closed;
    else
        client->since = closed;
    add(run, flow, start, 3 * NS_PER_SECOND / 10);
}

static void finish(struct run *run)
{
    struct run_end end = made_end();
    judge_finish(run->judge, &run->findings, &end);
    judge_free(run->judge);
}

/* Ends the run. `words` is NULL where the finding must not be raised. */
static void check(struct run *run, enum finding_id id, enum severity severity, const char *words)
{
    finish(run);
    found_check(&run->findings, id, severity, words);
    findings_done(&run->findings);
}

/* ... and asks for the first of the frames that prove it, of the `n`th connection made. */
static void check_first_frame(struct run *run, enum finding_id id, uint64_t n)
{
    struct made_flow flow;
    finish(run);
    made_healthy(&flow, n);
    assert_int_equal(found(&run->findings, id)->frames[0], flow.record.first_frame);
    findings_done(&run->findings);
}

/* Connections that come every 90 minutes, of which every third is not in the capture. */
static void periodic(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned i = 0; i < 48; i++) {
        if (i % 3 == 1)
            continue;
        made_healthy(&flow, i + 1);
        add(&run, &flow, i * 90 * MINUTE, MINUTE);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO,
          "192.168.1.20 connected to courier.push.example every 1 h 30 min: "
          "32 times over 2 d 22 h, while 16 more would have been due between");

    begin(&run); /* behind some that have nothing to do with it */
    for (unsigned i = 0; i < 20; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, i < 3 ? (13 + 7 * i * i) * MINUTE : i * 90 * MINUTE, MINUTE);
    }
    check_first_frame(&run, FINDING_PERIODIC, 4);

    begin(&run); /* no timer: the distances grow */
    for (unsigned i = 0; i < 48; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, i * i * MINUTE, MINUTE);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO, NULL);

    begin(&run); /* three do not make a period */
    for (unsigned i = 0; i < 3; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, i * 90 * MINUTE, MINUTE);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO, NULL);

    begin(&run); /* nor do connections that began before the capture */
    for (unsigned i = 0; i < 48; i++) {
        made_healthy(&flow, i + 1);
        flow.record.tcp.handshake = HANDSHAKE_MIDSTREAM;
        add(&run, &flow, i * 90 * MINUTE, MINUTE);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO, NULL);

    begin(&run); /* nor those of one client each */
    for (unsigned i = 0; i < 48; i++) {
        made_healthy(&flow, i + 1);
        flow.record.ends[CLIENT].ip[3] = (uint8_t)i;
        add(&run, &flow, i * 90 * MINUTE, MINUTE);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO, NULL);
}

static void periodic_failures(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned i = 0; i < 20; i++) {
        made_refused(&flow, i + 1);
        add(&run, &flow, i * 15 * MINUTE, NS_PER_SECOND / 100);
    }
    check(&run, FINDING_PERIODIC, SEVERITY_NOTICE,
          "192.168.1.20 tried to connect to 17.149.36.100:5223 every 15 min 0 s: 20 times over "
          "4 h 45 min; each of these connections failed or was reset");

    begin(&run); /* among others that come at any time and succeed */
    for (unsigned i = 0; i < 20; i++) {
        made_reset(&flow, i + 1, SERVER, RESET_IN_DATA);
        add(&run, &flow, i * 60 * MINUTE, MINUTE);
        made_healthy(&flow, 100 + i);
        add(&run, &flow, i * i * 3 * MINUTE + 7 * MINUTE, MINUTE);
    }
    finish(&run);
    const struct finding *connects = found(&run.findings, FINDING_PERIODIC);
    found_says(connects, SEVERITY_INFO, "connected to courier.push.example every 1 h 0 min");
    found_says(connects + 1, SEVERITY_NOTICE,
               "Connections of 192.168.1.20 to courier.push.example failed or were reset every "
               "1 h 0 min: 20 times");
    findings_done(&run.findings);
}

/* Of connections that come at any time, the certificate is shown once a day: the others resume. */
static void periodic_certificate(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned day = 0; day < 8; day++) {
        made_healthy(&flow, 10 * day + 1);
        add(&run, &flow, day * 1440 * MINUTE, MINUTE);
        for (unsigned i = 0; i < day; i++) {
            made_healthy(&flow, 10 * day + i + 2);
            flow.tls.server_cert_count = 0;
            flow.tls.resumed = true;
            add(&run, &flow, (day * 1440 + (day + i) * (day + i) * 4 + 11) * MINUTE, MINUTE);
        }
    }
    check(&run, FINDING_PERIODIC, SEVERITY_INFO,
          "192.168.1.20 was shown the certificate 0101010101010101... of courier.push.example "
          "every 1 d 0 h: 8 times over 7 d 0 h");
}

/* A storm that is to be told alone: not what comes before and behind it. */
static void storm_in_between(struct run *run)
{
    struct made_flow flow;
    for (unsigned i = 0; i < 60; i++) {
        made_reset(&flow, i + 1, SERVER, RESET_IN_DATA);
        nanotime start = i < 20   ? i * MINUTE
                         : i < 40 ? 20 * MINUTE + i * NS_PER_SECOND
                                  : i * 2 * MINUTE;
        add(run, &flow, start, NS_PER_SECOND / 10);
    }
}

static void reconnect_storm(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned i = 0; i < 40; i++) {
        made_reset(&flow, i + 1, i % 4 ? SERVER : CLIENT, RESET_IN_DATA);
        add(&run, &flow, i * NS_PER_SECOND / 2, NS_PER_SECOND / 10);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING,
          "192.168.1.20 connected 40 times to courier.push.example within 19.5 s, each time after "
          "the connection before had ended: 10 reset by the client, 30 reset by the server");

    begin(&run);
    storm_in_between(&run);
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, "connected 20 times");
    begin(&run);
    storm_in_between(&run);
    check_first_frame(&run, FINDING_RECONNECT_STORM, 21);

    begin(&run); /* none is made */
    for (unsigned i = 0; i < 40; i++) {
        made_refused(&flow, i + 1);
        add(&run, &flow, i * NS_PER_SECOND / 2, NS_PER_SECOND / 100);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING,
          "192.168.1.20 tried to connect 40 times to 17.149.36.100:5223 within 19.5 s, each time "
          "after the connection before had ended: 40 refused");

    begin(&run); /* some are */
    for (unsigned i = 0; i < 40; i++) {
        made_refused(&flow, i + 1);
        if (i % 4 == 0) {
            made_reset(&flow, i + 1, SERVER, RESET_IN_DATA);
            flow.record.tls = NULL; /* no name */
        }
        add(&run, &flow, i * NS_PER_SECOND / 2, NS_PER_SECOND / 100);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING,
          "tried to connect 40 times to 17.149.36.100:5223 within 19.5 s, each time after the "
          "connection before had ended: 30 refused, 10 reset by the server");

    begin(&run); /* by a clock that shows seconds alone */
    for (unsigned i = 0; i < 40; i++) {
        made_healthy(&flow, i + 1);
        add_closed(&run, &flow, i / 8 * NS_PER_SECOND, 0);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING,
          "connected 40 times to courier.push.example within 4.0 s, each time after the connection "
          "before had ended: 40 closed by the client");

    begin(&run); /* side by side, as a browser does */
    for (unsigned i = 0; i < 40; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, i * NS_PER_SECOND / 100, 5 * NS_PER_SECOND);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, NULL);

    begin(&run); /* it does not wait for the last answers of the connection before */
    for (unsigned i = 0; i < 20; i++) {
        made_healthy(&flow, i + 1);
        add_closed(&run, &flow, i * NS_PER_SECOND / 5, NS_PER_SECOND / 6);
    }
    for (unsigned i = 20; i < 40; i++) {
        made_reset(&flow, i + 1, CLIENT, RESET_IN_DATA);
        add_closed(&run, &flow, i * NS_PER_SECOND / 5, NS_PER_SECOND / 6);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING,
          "connected 40 times to courier.push.example within 7.8 s, each time after the connection "
          "before had ended: 20 reset by the client, 20 closed by the client");

    begin(&run); /* it waits longer each time */
    for (unsigned i = 0; i < 12; i++) {
        made_reset(&flow, i + 1, SERVER, RESET_IN_DATA);
        add(&run, &flow, NS_PER_SECOND << i, NS_PER_SECOND / 10);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, NULL);

    begin(&run); /* they last */
    for (unsigned i = 0; i < 40; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, i * 11 * NS_PER_SECOND, 10 * NS_PER_SECOND + 1);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, NULL);

    begin(&run); /* their packets have no time */
    for (unsigned i = 0; i < 40; i++) {
        made_healthy(&flow, i + 1);
        add(&run, &flow, -made_epoch, 0);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, NULL);
}

static void pileup_rate(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned i = 0; i < 400; i++) { /* a new one each 90 minutes */
        made_stuck_fin(&flow, i + 1, 106);
        flow.record.tcp.stuck.since = made_epoch + i * 90 * MINUTE;
        add(&run, &flow, i * 90 * MINUTE, MINUTE);
    }
    check(&run, FINDING_STUCK_PILEUP, SEVERITY_CRITICAL,
          "400 connections of 192.168.1.20 were stuck at once, the first since 2014-05-25 "
          "00:48:00 and the last since 24 d 22 h later, a new one every 1 h 30 min, to");

    begin(&run);
    for (unsigned i = 0; i < 10; i++) {
        made_stuck_fin(&flow, i + 1, 106);
        flow.record.tcp.stuck.since = made_epoch + i * i * MINUTE;
        add(&run, &flow, i * i * MINUTE, MINUTE);
    }
    check(&run, FINDING_STUCK_PILEUP, SEVERITY_CRITICAL, "about 7 new ones an hour");
}

/* No number of clients takes more than bounded memory. */
static void many_clients(void **state)
{
    (void)state;
    struct run run;
    struct made_flow flow;
    begin(&run);
    for (unsigned i = 0; i < 20000; i++) {
        made_refused(&flow, i + 1);
        memcpy(flow.record.ends[CLIENT].ip, &i, sizeof i);
        add(&run, &flow, i * NS_PER_SECOND / 1000, NS_PER_SECOND / 100);
    }
    check(&run, FINDING_RECONNECT_STORM, SEVERITY_WARNING, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(periodic),
                                       cmocka_unit_test(periodic_failures),
                                       cmocka_unit_test(periodic_certificate),
                                       cmocka_unit_test(reconnect_storm),
                                       cmocka_unit_test(pileup_rate),
                                       cmocka_unit_test(many_clients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
