/* piles.c: see piles.h. */
#include "piles.h"

#include <stdlib.h>

/* As many as across.c wants on the wire; and one socket in so many, for fewer may just be closing.
 */
enum { PILE_LEAST = 3, PILE_SHARE = 10 };

/* Of an address that was printed in part, the part has to be the same. */
static bool same_host(const struct socket_end *a, const struct socket_end *b)
{
    if (a->host_cut || b->host_cut)
        return span_equal(a->host, b->host);
    return a->at.ipv6 == b->at.ipv6 && memcmp(a->at.ip, b->at.ip, sizeof a->at.ip) == 0;
}

static struct told_pile *pile_for(struct told_pile *piles, size_t *count, bool *more,
                                  const struct told_socket *socket)
{
    for (size_t i = *count; i-- > 0;) {
        struct told_pile *pile = &piles[i];
        if (pile->table == socket->table && pile->state == socket->row->state &&
            pile->side == socket->side && same_host(pile->host, &socket->row->local))
            return pile;
    }
    if (*count == PILES_MAX) {
        *more = true;
        return NULL;
    }
    struct told_pile *pile = &piles[(*count)++];
    pile->table = socket->table;
    pile->host = &socket->row->local;
    pile->side = socket->side;
    pile->state = (enum tcp_state)socket->row->state;
    return pile;
}

static void count_peer(struct told_pile *pile, const struct socket_end *peer)
{
    for (size_t i = 0; i < pile->peer_count; i++)
        if (same_host(pile->peers[i].end, peer)) {
            pile->peers[i].count++;
            return;
        }
    if (pile->peer_count == PILE_SERVERS_MAX) {
        pile->more_peers = true;
        return;
    }
    pile->peers[pile->peer_count].end = peer;
    pile->peers[pile->peer_count++].count = 1;
}

static void count_size(struct told_pile *pile, uint64_t bytes)
{
    for (size_t i = 0; i < pile->size_count; i++)
        if (pile->sizes[i].bytes == bytes) {
            pile->sizes[i].count++;
            return;
        }
    if (pile->size_count == PILE_SIZES_MAX) {
        pile->more_sizes = true;
        return;
    }
    pile->sizes[pile->size_count++] = (struct queue_size){bytes, 1};
}

static int by_size_count(const void *left, const void *right)
{
    const struct queue_size *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/* Few enough for the simplest way; what came first stays first among equals. */
static void sort_peers(struct told_pile *pile)
{
    for (size_t i = 1; i < pile->peer_count; i++)
        for (size_t j = i; j > 0 && pile->peers[j].count > pile->peers[j - 1].count; j--) {
            const struct socket_end *end = pile->peers[j].end;
            uint64_t count = pile->peers[j].count;
            pile->peers[j] = pile->peers[j - 1];
            pile->peers[j - 1].end = end;
            pile->peers[j - 1].count = count;
        }
}

struct told_pile *piles_of(const struct testimony *told, size_t *count, bool *more)
{
    struct told_pile *piles = xcalloc(PILES_MAX, sizeof *piles);
    for (size_t i = 0; i < told->socket_count; i++) {
        const struct told_socket *socket = &told->sockets[i];
        struct told_pile *pile = pile_for(piles, count, more, socket);
        if (!pile)
            continue;
        pile->count++;
        pile->changed += socket->verdict == SOCKET_CHANGED;
        pile->probing += socket->row->timer == TIMER_PERSIST;
        count_peer(pile, &socket->row->remote);
        count_size(pile, socket->queued);
    }
    for (size_t i = 0; i < *count; i++) {
        struct told_pile *pile = &piles[i];
        pile->readable = queue_records_read(&pile->reading, pile->sizes, pile->size_count);
        qsort(pile->sizes, pile->size_count, sizeof pile->sizes[0], by_size_count);
        sort_peers(pile);
        for (size_t j = 0; j < *count; j++)
            if (piles[j].table == pile->table && piles[j].side == pile->side &&
                same_host(piles[j].host, pile->host))
                pile->of += piles[j].count;
    }
    return piles;
}

bool pile_is_stuck(const struct told_pile *pile)
{
    uint64_t still = pile->count - pile->changed;
    return still >= PILE_LEAST && still >= pile->of / PILE_SHARE &&
           (pile->state == SIDE_FIN_WAIT_1 || pile->state == SIDE_CLOSING ||
            pile->state == SIDE_LAST_ACK);
}

bool pile_is_probing(const struct told_pile *pile)
{
    return pile->probing > 0 && 2 * pile->probing >= pile->count;
}

bool pile_is_leak(const struct told_pile *pile)
{
    return pile->count - pile->changed >= PILE_LEAST && pile->state == SIDE_CLOSE_WAIT;
}
