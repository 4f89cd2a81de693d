/* Loaded into the service under test (LD_PRELOAD): clocks that leap, names that do not resolve, a disk that fails.
 *
 * What it does stands in a page of 64-bit numbers, mapped from the file that MEDDLE_CONTROL names, so that the test can
 * change it at any time (tests/faults/meddling.py has the same order). Files are meddled with below MEDDLE_DIRECTORY.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { REALTIME_NS, MONOTONIC_NS, DNS_MODE, DNS_DELAY_MS, DISK_MODE, DISK_BYTES, SYNC_DELAY_US, SYNC_ERRNO,
       SYNC_STALL_MS, REFUSED, SYNCS, FIELDS };
enum { DNS_PASS, DNS_UNKNOWN, DNS_HERE, DNS_BOTH_FAMILIES };
enum { DISK_WELL, DISK_FULL, DISK_FAILS, DISK_READ_ONLY };

static volatile int64_t nothing[FIELDS];
static volatile int64_t *control = nothing;
static char directory[4096];
static size_t directory_length;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("MEDDLE_CONTROL"), *below = getenv("MEDDLE_DIRECTORY");
    if (path) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            if (page != MAP_FAILED) control = page;
            close(fd);
        }
    }
    if (below) {
        strncpy(directory, below, sizeof directory - 1);
        directory_length = strlen(directory);
    }
}

/* ------------------------------------------------------------------------------------------------------- clocks */

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*go)(clockid_t, struct timespec *);
    if (!go) go = real("clock_gettime");
    int result = go(clock, now);
    int64_t by = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? control[REALTIME_NS]
               : clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME
                 ? control[MONOTONIC_NS] : 0;
    if (!result && by) {
        int64_t ns = now->tv_sec * INT64_C(1000000000) + now->tv_nsec + by;
        now->tv_sec = ns / INT64_C(1000000000);
        now->tv_nsec = ns % INT64_C(1000000000);
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    int result = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return result;
}

time_t time(time_t *into) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (into) *into = exact.tv_sec;
    return exact.tv_sec;
}

/* -------------------------------------------------------------------------------------------------------- names */

static int ends_in(const char *text, const char *end) {
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && !strcmp(text + length - wanted, end);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static int (*go)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!go) go = real("getaddrinfo");
    if (!node || !ends_in(node, ".faults.test")) return go(node, service, hints, found);
    struct timespec pause = {control[DNS_DELAY_MS] / 1000, control[DNS_DELAY_MS] % 1000 * 1000000};
    nanosleep(&pause, NULL);
    struct addrinfo asked = {0};
    if (hints) asked = *hints;
    asked.ai_family = AF_UNSPEC;
    if (control[DNS_MODE] == DNS_HERE) return go("127.0.0.1", service, &asked, found);
    if (control[DNS_MODE] == DNS_BOTH_FAMILIES) {
        struct addrinfo *six, *four;
        int result = go("::1", service, &asked, &six);
        if (result || (result = go("127.0.0.1", service, &asked, &four))) return result;
        struct addrinfo *last = six;
        while (last->ai_next) last = last->ai_next;
        last->ai_next = four;
        *found = six;
        return 0;
    }
    return EAI_NONAME;
}

/* --------------------------------------------------------------------------------------------------------- disk */

static int is_below(const char *path) {
    return directory_length && !strncmp(path, directory, directory_length);
}

static int meddled(int fd) {
    if (!directory_length) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int64_t used(const char *path) {
    int64_t sum = 0;
    DIR *listing = opendir(path);
    if (!listing) return 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.') continue;
        char inner[8192];
        struct stat facts;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (!lstat(inner, &facts)) sum += S_ISDIR(facts.st_mode) ? used(inner) : facts.st_blocks * INT64_C(512);
    }
    closedir(listing);
    return sum;
}

static int refuse(int error) {
    __atomic_add_fetch((int64_t *)&control[REFUSED], 1, __ATOMIC_RELAXED);
    errno = error;
    return -1;
}

/* Return -1 with errno where a write that ends at `end` fails. */
static int judged(int fd, int64_t end) {
    int64_t mode = control[DISK_MODE];
    if (mode == DISK_WELL || !meddled(fd)) return 0;
    if (mode == DISK_FAILS) return refuse(EIO);
    if (mode == DISK_READ_ONLY) return refuse(EROFS);
    struct stat facts;
    if (fstat(fd, &facts)) return 0;
    int64_t more = end - facts.st_blocks * INT64_C(512);
    return more > 0 && used(directory) + more > control[DISK_BYTES] ? refuse(ENOSPC) : 0;
}

#define PWRITE(name, offset_type)                                                        \
    ssize_t name(int fd, const void *data, size_t size, offset_type at) {                 \
        static ssize_t (*go)(int, const void *, size_t, offset_type);                     \
        if (!go) go = real(#name);                                                        \
        return judged(fd, at + (int64_t)size) ? -1 : go(fd, data, size, at);              \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*go)(int, const void *, size_t);
    if (!go) go = real("write");
    if (control[DISK_MODE] != DISK_WELL && meddled(fd)) {
        off_t at = lseek(fd, 0, SEEK_CUR);
        if (judged(fd, (at < 0 ? 0 : at) + (int64_t)size)) return -1;
    }
    return go(fd, data, size);
}

#define TRUNCATE(name, offset_type)                                                      \
    int name(int fd, offset_type length) {                                                \
        static int (*go)(int, offset_type);                                               \
        if (!go) go = real(#name);                                                        \
        int64_t mode = control[DISK_MODE];                                                \
        if (mode > DISK_FULL && meddled(fd)) return refuse(mode == DISK_FAILS ? EIO : EROFS); \
        return go(fd, length);                                                            \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, offset_type)                                                      \
    int name(int fd, offset_type at, offset_type size) {                                  \
        static int (*go)(int, offset_type, offset_type);                                  \
        if (!go) go = real(#name);                                                        \
        return judged(fd, at + size) ? errno : go(fd, at, size);                          \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

static int synced(int fd) {
    if (!meddled(fd)) return 0;
    control[SYNCS]++;
    int64_t us = control[SYNC_DELAY_US] + control[SYNC_STALL_MS] * 1000;
    control[SYNC_STALL_MS] = 0;
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    if (us) nanosleep(&pause, NULL);
    return control[SYNC_ERRNO] ? refuse((int)control[SYNC_ERRNO]) : 0;
}

#define SYNC(name)                                                                       \
    int name(int fd) {                                                                    \
        static int (*go)(int);                                                            \
        if (!go) go = real(#name);                                                        \
        return synced(fd) ? -1 : go(fd);                                                  \
    }
SYNC(fsync)
SYNC(fdatasync)

#define OPEN(name)                                                                       \
    int name(const char *path, int flags, ...) {                                          \
        static int (*go)(const char *, int, ...);                                         \
        if (!go) go = real(#name);                                                        \
        va_list rest;                                                                     \
        va_start(rest, flags);                                                            \
        mode_t mode = va_arg(rest, mode_t);                                               \
        va_end(rest);                                                                     \
        if (control[DISK_MODE] == DISK_READ_ONLY && (flags & (O_WRONLY | O_RDWR)) && is_below(path)) \
            return refuse(EROFS);                                                         \
        return go(path, flags, mode);                                                     \
    }
OPEN(open)
OPEN(open64)

#define STATVFS(name, facts_type)                                                        \
    int name(const char *path, facts_type *facts) {                                       \
        static int (*go)(const char *, facts_type *);                                     \
        if (!go) go = real(#name);                                                        \
        int result = go(path, facts);                                                     \
        if (!result && control[DISK_MODE] == DISK_FULL && is_below(path)) {               \
            int64_t left = control[DISK_BYTES] - used(directory);                         \
            facts->f_bavail = facts->f_bfree = left > 0 ? left / facts->f_frsize : 0;     \
            facts->f_blocks = control[DISK_BYTES] / facts->f_frsize;                      \
        }                                                                                 \
        return result;                                                                    \
    }
STATVFS(statvfs, struct statvfs)
STATVFS(statvfs64, struct statvfs64)
