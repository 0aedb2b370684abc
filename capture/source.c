/* source.c: the public face of every packet source: passes calls on to the kind of source it is. */
#include "source_ops.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

void source_base_init(struct source *base, const struct source_ops *ops,
                      struct source_shared *shared)
{
    *base = (struct source){.ops = ops, .shared = shared, .ended = SOURCE_PACKET};
    if (!shared) {
        base->shared = xcalloc(1, sizeof *base->shared);
        pthread_mutex_init(&base->shared->lock, NULL);
        base->owns_shared = true;
    }
}

void source_base_done(struct source *base)
{
    if (!base->owns_shared)
        return;
    interface_names_done(&base->shared->names);
    secrets_done(&base->shared->secrets);
    pthread_mutex_destroy(&base->shared->lock);
    free(base->shared);
}

void source_error_set(struct source_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    for (char *c = error->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

enum source_status source_next(struct source *source, struct packet *packet)
{
    if (UNLIKELY(atomic_load_explicit(&source->shared->stop, memory_order_relaxed)))
        return SOURCE_END;
    if (UNLIKELY(source->ended != SOURCE_PACKET))
        return source->ended;
    enum source_status status = source->ops->next(source, packet);
    if (LIKELY(status == SOURCE_PACKET))
        packet->frame = ++source->frames;
    else if (status != SOURCE_IDLE)
        source->ended = status;
    return status;
}

void source_preface(struct source *source)
{
    enum source_status status = SOURCE_IDLE;
    while (source->ops->preface && status == SOURCE_IDLE && !source->shared->stop) {
        status = source->ops->preface(source);
        if (status == SOURCE_IDLE)
            source_wait(&source, 1, SOURCE_WAIT_MAX_MS);
    }
    if (status == SOURCE_END || status == SOURCE_BROKEN)
        source->ended = status;
}

void source_wait(struct source *const *sources, size_t count, int timeout_ms)
{
    struct pollfd fds[SOURCE_RINGS_MAX];
    nfds_t going = 0;
    int most_ms = timeout_ms < SOURCE_WAIT_MAX_MS ? timeout_ms : SOURCE_WAIT_MAX_MS;
    for (size_t i = 0; i < count && i < COUNT_OF(fds); i++) {
        if (sources[i]->shared->stop)
            return;
        if (sources[i]->ended != SOURCE_PACKET)
            continue;
        struct source_waiting waiting = sources[i]->ops->waiting(sources[i]);
        fds[going++] = (struct pollfd){.fd = waiting.fd, .events = POLLIN};
        if (waiting.most_ms < most_ms)
            most_ms = waiting.most_ms;
    }
    if (going && most_ms > 0)
        (void)poll(fds, going, most_ms);
}

const char *source_error(const struct source *source)
{
    return source->error.text;
}

uint16_t source_name_add(struct source *source, struct span name)
{
    pthread_mutex_lock(&source->shared->lock);
    uint16_t index = interface_names_add(&source->shared->names, name);
    pthread_mutex_unlock(&source->shared->lock);
    return index;
}

const char *source_interface_name(const struct source *source, uint16_t interface)
{
    if (interface == 0) /* of no name */
        return NULL;
    pthread_mutex_lock(&source->shared->lock);
    const char *name = interface_names_get(&source->shared->names, interface);
    pthread_mutex_unlock(&source->shared->lock);
    return name;
}

void source_secrets_add(struct source *source, struct span text, uint64_t frame)
{
    pthread_mutex_lock(&source->shared->lock);
    secrets_add(&source->shared->secrets, text, frame);
    pthread_mutex_unlock(&source->shared->lock);
}

bool source_secrets(const struct source *source, struct source_secrets *out, size_t n)
{
    pthread_mutex_lock(&source->shared->lock);
    const struct secrets *secrets = &source->shared->secrets;
    bool found = n < secrets->count;
    if (found)
        *out = (struct source_secrets){secrets->blocks[n].text, secrets->blocks[n].frame};
    pthread_mutex_unlock(&source->shared->lock);
    return found;
}

struct source_drops source_drops(const struct source *source)
{
    return source->ops->drops ? source->ops->drops(source) : (struct source_drops){0};
}

void source_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
    source->ops->progress(source, done, total);
}

void source_break(struct source *source)
{
    atomic_store_explicit(&source->shared->stop, true, memory_order_relaxed);
}

void source_close(struct source *source)
{
    if (!source)
        return;
    source->ops->close(source);
    source_base_done(source);
    free(source);
}
