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
    processes_done(&base->shared->processes);
    secrets_done(&base->shared->secrets);
    facts_done(&base->shared->facts);
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
    else if (status != SOURCE_IDLE && status != SOURCE_PAUSED)
        source->ended = status;
    return status;
}

enum source_status source_next_some(struct source *source, struct packet *packets, size_t most,
                                    size_t *count)
{
    *count = 0;
    if (LIKELY(source->ops->at_hand && source->ended == SOURCE_PACKET &&
               !atomic_load_explicit(&source->shared->stop, memory_order_relaxed)))
        *count = source->ops->at_hand(source, packets, most);
    if (LIKELY(*count > 0))
        return SOURCE_PACKET;
    enum source_status status = source_next(source, packets);
    *count = status == SOURCE_PACKET;
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

bool source_opens_often(const struct source *source)
{
    return source->opens_often;
}

bool source_keep(struct source *source)
{
    return source->ops->keep && source->ops->keep(source);
}

void source_release(struct source *source)
{
    source->ops->release(source);
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
    struct source_shared *shared = source->shared;
    pthread_mutex_lock(&shared->lock);
    if (interface & PACKET_HAS_PROCESS) {
        const struct process_key *key =
            processes_get(&shared->processes, interface & (PACKET_HAS_PROCESS - 1));
        interface = key ? (uint16_t)key->interface : 0;
    }
    const char *name = interface_names_get(&shared->names, interface);
    pthread_mutex_unlock(&shared->lock);
    return name;
}

/* --- processes --- */

static bool is_process(int32_t pid, const char *name)
{
    return pid > 0 || *name;
}

/* Where a reader remembers a key: FNV-1a. */
static size_t slot_of(const struct process_key *key)
{
    uint32_t hash = 2166136261u;
    const uint8_t *bytes = (const uint8_t *)key;
    for (size_t i = 0; i < sizeof *key; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return (hash ^ hash >> 16) % PROCESS_MEMO;
}

static uint16_t process_index(struct source_shared *shared, const struct process_key *key)
{
    struct process_key kept = *key;
    if (*key->interface_name)
        kept.interface = interface_names_add(
            &shared->names, span_of(key->interface_name, strlen(key->interface_name)));
    memset(kept.interface_name, 0, sizeof kept.interface_name);
    if (!is_process(kept.pid, kept.name) && !is_process(kept.effective_pid, kept.effective_name))
        return (uint16_t)kept.interface;
    uint16_t index = processes_add(&shared->processes, &kept);
    return index ? index | PACKET_HAS_PROCESS : (uint16_t)kept.interface;
}

uint16_t source_process_add(struct source *source, struct process_memo *memo,
                            const struct process_key *key)
{
    size_t slot = slot_of(key);
    if (memo->slots[slot].used && memcmp(&memo->slots[slot].key, key, sizeof *key) == 0)
        return memo->slots[slot].index;
    pthread_mutex_lock(&source->shared->lock);
    uint16_t index = process_index(source->shared, key);
    pthread_mutex_unlock(&source->shared->lock);
    memo->slots[slot].key = *key;
    memo->slots[slot].index = index;
    memo->slots[slot].used = true;
    return index;
}

static uint32_t known_pid(int32_t pid)
{
    return pid > 0 ? (uint32_t)pid : 0;
}

bool source_process(const struct source *source, struct packet_process *out, uint16_t interface)
{
    if (!(interface & PACKET_HAS_PROCESS))
        return false;
    pthread_mutex_lock(&source->shared->lock);
    const struct process_key *key =
        processes_get(&source->shared->processes, interface & (PACKET_HAS_PROCESS - 1));
    pthread_mutex_unlock(&source->shared->lock);
    if (!key)
        return false;
    *out =
        (struct packet_process){.name = *key->name ? key->name : NULL,
                                .effective_name = *key->effective_name ? key->effective_name : NULL,
                                .pid = known_pid(key->pid),
                                .effective_pid = known_pid(key->effective_pid),
                                .told_by = (enum process_source)key->told_by};
    return true;
}

/* --- secrets --- */

void source_secrets_add(struct source *source, struct span text, uint64_t frame)
{
    pthread_mutex_lock(&source->shared->lock);
    secrets_add(&source->shared->secrets, text, frame);
    source->shared->facts.secrets++;
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

void source_secrets_forget(struct source *source, size_t n)
{
    pthread_mutex_lock(&source->shared->lock);
    secrets_forget(&source->shared->secrets, n);
    pthread_mutex_unlock(&source->shared->lock);
}

size_t source_secrets_count(const struct source *source)
{
    return source->shared->secrets.count;
}

const struct capture_facts *source_facts(const struct source *source)
{
    return &source->shared->facts;
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
