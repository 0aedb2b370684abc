/* crew.c: tasks are claimed one by one, so that a long one holds up nobody else. */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct crew {
    pthread_mutex_t mutex; /* over all that follows, but for `size` */
    pthread_cond_t begun, done;
    unsigned size; /* threads, the caller's included */
    crew_task *task;
    void *context;
    unsigned next, count; /* task to be claimed next, and how many there are */
    unsigned left;        /* tasks that are not done */
    uint64_t each;        /* how often crew_each was called */
    bool over;
    pthread_t threads[];
};

struct start {
    struct crew *crew;
    unsigned thread;
};

/* Claims tasks and runs them until none is left. Called and left with the mutex held. */
static void work(struct crew *crew, unsigned thread)
{
    while (crew->next < crew->count) {
        unsigned number = crew->next++;
        pthread_mutex_unlock(&crew->mutex);
        crew->task(crew->context, number, thread);
        pthread_mutex_lock(&crew->mutex);
        if (--crew->left == 0)
            pthread_cond_signal(&crew->done);
    }
}

/* Runs the thread's own task. */
static void work_own(struct crew *crew, unsigned thread)
{
    pthread_mutex_unlock(&crew->mutex);
    crew->task(crew->context, thread, thread);
    pthread_mutex_lock(&crew->mutex);
    if (--crew->left == 0)
        pthread_cond_signal(&crew->done);
}

static void *run(void *argument)
{
    struct start start = *(struct start *)argument;
    struct crew *crew = start.crew;
    uint64_t each = 0;
    free(argument);
    pthread_mutex_lock(&crew->mutex);
    while (!crew->over) {
        if (crew->each > each) {
            each = crew->each;
            work_own(crew, start.thread);
        }
        work(crew, start.thread);
        if (!crew->over)
            pthread_cond_wait(&crew->begun, &crew->mutex);
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

static bool add_thread(struct crew *crew)
{
    struct start *start = xmalloc(sizeof *start);
    *start = (struct start){crew, crew->size};
    if (pthread_create(&crew->threads[crew->size - 1], NULL, run, start) != 0) {
        free(start);
        return false;
    }
    crew->size++;
    return true;
}

struct crew *crew_new(unsigned threads)
{
    struct crew *crew = xcalloc(1, sizeof *crew + threads * sizeof(pthread_t));
    sigset_t all, old;
    crew->size = 1;
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->begun, NULL);
    pthread_cond_init(&crew->done, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_mutex_lock(&crew->mutex);
    while (crew->size < threads && add_thread(crew))
        ;
    pthread_mutex_unlock(&crew->mutex);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return crew;
}

unsigned crew_size(const struct crew *crew)
{
    return crew->size;
}

void crew_start(struct crew *crew, unsigned count, crew_task *task, void *context)
{
    pthread_mutex_lock(&crew->mutex);
    crew->task = task;
    crew->context = context;
    crew->next = 0;
    crew->count = crew->left = count;
    pthread_cond_broadcast(&crew->begun);
    pthread_mutex_unlock(&crew->mutex);
}

void crew_each(struct crew *crew, crew_task *task, void *context)
{
    pthread_mutex_lock(&crew->mutex);
    crew->task = task;
    crew->context = context;
    crew->left = crew->size;
    crew->each++;
    pthread_cond_broadcast(&crew->begun);
    work_own(crew, 0);
    while (crew->left > 0)
        pthread_cond_wait(&crew->done, &crew->mutex);
    pthread_mutex_unlock(&crew->mutex);
}

void crew_finish(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    work(crew, 0);
    while (crew->left > 0)
        pthread_cond_wait(&crew->done, &crew->mutex);
    crew->count = 0;
    pthread_mutex_unlock(&crew->mutex);
}

void crew_free(struct crew *crew)
{
    if (!crew)
        return;
    pthread_mutex_lock(&crew->mutex);
    crew->over = true;
    pthread_cond_broadcast(&crew->begun);
    pthread_mutex_unlock(&crew->mutex);
    for (unsigned i = 1; i < crew->size; i++)
        pthread_join(crew->threads[i - 1], NULL);
    pthread_mutex_destroy(&crew->mutex);
    pthread_cond_destroy(&crew->begun);
    pthread_cond_destroy(&crew->done);
    free(crew);
}
