/* trust.c: reads files and folders of anchors. Their hashes and numbers are known at once; what is
 * in the system's store is read for the first chain only. */
#include "trust.h"

#include "../complaint.h"
#include "anchors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STORES_MAX = 16,
    FILE_MOST = 16 << 20, /* bytes: seventy times the system's */
    FILES_MOST = 4096     /* in a folder */
};

struct store {
    struct trust_store shown;
    char *name, *path;
    struct buf pem; /* the system's, until it is needed */
};

struct trust {
    struct store stores[STORES_MAX];
    size_t count;
    struct anchors *anchors;
    pthread_mutex_t lock; /* of the system's turn to be read */
};

struct trust *trust_new(void)
{
    struct trust *trust = xcalloc(1, sizeof *trust);
    trust->anchors = anchors_new();
    pthread_mutex_init(&trust->lock, NULL);
    return trust;
}

void trust_free(struct trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < trust->count; i++) {
        free(trust->stores[i].name);
        free(trust->stores[i].path);
        buf_done(&trust->stores[i].pem);
    }
    anchors_free(trust->anchors);
    pthread_mutex_destroy(&trust->lock);
    free(trust);
}

static size_t count_pem(struct span bytes)
{
    static const char *const begins[] = {"-----BEGIN CERTIFICATE-----",
                                         "-----BEGIN TRUSTED CERTIFICATE-----",
                                         "-----BEGIN X509 CERTIFICATE-----"};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(begins); i++) {
        const uint8_t *at = bytes.p, *end = bytes.p + bytes.n;
        size_t n = strlen(begins[i]);
        while (at < end && (at = memmem(at, (size_t)(end - at), begins[i], n))) {
            at += n;
            count++;
        }
    }
    return count;
}

/* --- files --- */

static bool read_whole(struct buf *out, const struct complaint *to, int fd, const char *path)
{
    for (;;) {
        buf_reserve(out, 64 << 10);
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n < 0)
            return complain(to, "%s: %s", path, strerror(errno));
        if (n == 0)
            return true;
        out->n += (size_t)n;
        if (out->n > FILE_MOST)
            return complain(to, "%s: more than %d MiB can't be a list of certificates", path,
                            FILE_MOST >> 20);
    }
}

static bool read_file(struct buf *out, const struct complaint *to, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0)
        return complain(to, "%s: %s", path, strerror(errno));
    bool read = fstat(fd, &about) == 0 && S_ISREG(about.st_mode)
                    ? read_whole(out, to, fd, path)
                    : complain(to, "%s: neither a file nor a folder", path);
    close(fd);
    return read;
}

/* Takes what is in a file. A folder may also hold other things: there it is no fault. */
static bool take_bytes(struct trust *trust, size_t *anchors, const struct complaint *to,
                       struct span bytes, const char *path)
{
    size_t damaged;
    *anchors = anchors_add_pem(trust->anchors, &damaged, bytes, true);
    if (damaged > 0)
        return complain(to, "%s: certificate %zu in it is damaged", path, damaged);
    if (*anchors == 0)
        *anchors = anchors_add_der(trust->anchors, bytes);
    return true;
}

static bool add_file(struct trust *trust, struct store *store, const struct complaint *to)
{
    struct buf bytes = {0};
    bool read =
        read_file(&bytes, to, store->path) &&
        take_bytes(trust, &store->shown.anchors, to, span_of(bytes.p, bytes.n), store->path);
    if (read && store->shown.anchors == 0)
        read = complain(to, "%s: no certificate in it (PEM or DER)", store->path);
    EVP_Digest(bytes.p, bytes.n, store->shown.sha256, NULL, EVP_sha256(), NULL);
    buf_done(&bytes);
    return read;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* list_folder gives the names in a folder, sorted, which the caller frees. */
static char **list_folder(size_t *count, DIR *folder)
{
    char **names = NULL;
    *count = 0;
    for (const struct dirent *entry; *count < FILES_MOST && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        names = xrealloc(names, (*count + 1) * sizeof *names);
        names[(*count)++] = xstrdup(entry->d_name);
    }
    if (*count > 0)
        qsort(names, *count, sizeof *names, by_name);
    return names;
}

/* Folders that OpenSSL has made ready hold each certificate twice, once under its hash: files that
 * are the same file count once. */
struct seen_files {
    struct {
        dev_t device;
        ino_t inode;
    } files[FILES_MOST];
    size_t count;
};

static bool is_new_file(struct seen_files *seen, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return false;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->files[i].device == about.st_dev && seen->files[i].inode == about.st_ino)
            return false;
    seen->files[seen->count].device = about.st_dev;
    seen->files[seen->count++].inode = about.st_ino;
    return true;
}

static bool add_folder_file(struct trust *trust, struct store *store, EVP_MD_CTX *hash,
                            const struct complaint *to, const char *path)
{
    struct buf bytes = {0};
    size_t anchors = 0;
    bool read = read_file(&bytes, to, path) &&
                take_bytes(trust, &anchors, to, span_of(bytes.p, bytes.n), path);
    if (anchors > 0)
        EVP_DigestUpdate(hash, bytes.p, bytes.n);
    store->shown.anchors += anchors;
    buf_done(&bytes);
    return read;
}

static bool add_folder(struct trust *trust, struct store *store, const struct complaint *to,
                       DIR *folder)
{
    size_t count;
    char **names = list_folder(&count, folder);
    struct seen_files *seen = xcalloc(1, sizeof *seen);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool read = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    for (size_t i = 0; i < count; i++) {
        struct buf path = {0};
        buf_printf(&path, "%s/%s", store->path, names[i]);
        if (read && is_new_file(seen, buf_text(&path)))
            read = add_folder_file(trust, store, hash, to, buf_text(&path));
        buf_done(&path);
        free(names[i]);
    }
    EVP_DigestFinal_ex(hash, store->shown.sha256, NULL);
    EVP_MD_CTX_free(hash);
    free(seen);
    free(names);
    if (read && store->shown.anchors == 0)
        return complain(to, "%s: no certificate in this folder (PEM or DER)", store->path);
    return read;
}

/* --- the system's --- */

static void add_system(struct store *store)
{
    const char *const places[] = {X509_get_default_cert_file(),
                                  "/etc/ssl/certs/ca-certificates.crt", /* Debian */
                                  "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora */
                                  "/etc/ssl/ca-bundle.pem",             /* openSUSE */
                                  "/etc/ssl/cert.pem"};                 /* macOS, BSD, Alpine */
    char ignored[256];
    const struct complaint to = {ignored, sizeof ignored};
    for (size_t i = 0; i < COUNT_OF(places) && !store->path; i++) {
        store->pem.n = 0;
        if (!read_file(&store->pem, &to, places[i]))
            continue;
        store->path = xstrdup(places[i]);
        store->shown.anchors = count_pem(span_of(store->pem.p, store->pem.n));
        EVP_Digest(store->pem.p, store->pem.n, store->shown.sha256, NULL, EVP_sha256(), NULL);
    }
}

/* --- the whole --- */

static bool add_own(struct trust *trust, struct store *store, const struct complaint *to)
{
    DIR *folder = opendir(store->path);
    if (!folder)
        return add_file(trust, store, to);
    bool added = add_folder(trust, store, to, folder);
    closedir(folder);
    return added;
}

bool trust_add(struct trust *trust, char *error, size_t size, const char *name)
{
    const struct complaint to = {error, size};
    if (trust->count == STORES_MAX)
        return complain(&to, "more than %d stores", STORES_MAX);
    struct store *store = &trust->stores[trust->count++];
    bool added = true;
    store->name = xstrdup(name);
    if (strcmp(name, "system") == 0) {
        add_system(store);
    } else {
        store->path = xstrdup(name);
        added = add_own(trust, store, &to);
    }
    store->shown.name = store->name;
    store->shown.path = store->path;
    return added;
}

size_t trust_count(const struct trust *trust)
{
    return trust->count;
}

const struct trust_store *trust_at(const struct trust *trust, size_t i)
{
    return &trust->stores[i].shown;
}

bool trust_is_own(const struct trust *trust)
{
    for (size_t i = 0; i < trust->count; i++)
        if (strcmp(trust->stores[i].name, "system") != 0)
            return true;
    return false;
}

/* What is damaged in the system's store is the system's business: the rest is used. */
struct anchors *trust_anchors(struct trust *trust)
{
    pthread_mutex_lock(&trust->lock);
    for (size_t i = 0; i < trust->count; i++) {
        struct buf *pem = &trust->stores[i].pem;
        size_t damaged;
        if (pem->n > 0)
            (void)anchors_add_pem(trust->anchors, &damaged, span_of(pem->p, pem->n), false);
        buf_done(pem);
    }
    pthread_mutex_unlock(&trust->lock);
    return trust->anchors;
}
