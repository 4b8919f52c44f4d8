/* Kill a process, fill its disk, or record its writes at a chosen system call on a regular file (LD_PRELOAD). */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls, kill_at, full_at;
static int active, torn, journal = -1;

/* Count calls from here on. Kill at call `kill` (a write half done if `half`), have no space from call `full`
 * on, and record writes in the open file `into`; 0, 0 and -1 for never. */
void faults_set(int on, long kill, int half, long full, int into) {
    active = on, kill_at = kill, torn = half, full_at = full, journal = into, calls = 0;
}

long faults_calls(void) { return calls; }

static int is_counted(int fd) {
    struct stat found;
    return active && fd != journal && fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

static void step(int is_write) {
    if (++calls == kill_at && !(torn && is_write)) raise(SIGKILL);
}

static void note(const char *head, int fd, const char *old, size_t had, const char *new, size_t n) {
    char link[64], path[PATH_MAX], line[PATH_MAX + 200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) abort();
    path[length] = 0;
    int size = snprintf(line, sizeof line, "%s %zu %zu %s\n", head, had, n, path);
    if (write(journal, line, size) < 0 || write(journal, old, had) < 0 || write(journal, new, n) < 0) abort();
}

/* Record what a write of `n` bytes at `at` replaces, or what a truncation to `at` removes (`data` is NULL). */
static void record(int fd, const char *data, size_t n, off_t at) {
    struct stat found;
    char head[100];
    if (fstat(fd, &found) < 0) abort();
    size_t most = data ? n : (found.st_size > at ? found.st_size - at : 0);
    char *old = malloc(most + 1);
    ssize_t had = pread(fd, old, most, at);
    snprintf(head, sizeof head, "%c %lld %lld", data ? 'W' : 'T', (long long)at, (long long)found.st_size);
    note(head, fd, old, had < 0 ? 0 : had, data ? data : "", n);
    free(old);
}

static ssize_t raw_write(int fd, const void *data, size_t n, off_t at) {
    return at < 0 ? syscall(SYS_write, fd, data, n) : syscall(SYS_pwrite64, fd, data, n, at);
}

static ssize_t put(int fd, const void *data, size_t n, off_t at) {
    if (!is_counted(fd)) return raw_write(fd, data, n, at);
    step(1);
    if (calls == kill_at) raw_write(fd, data, n / 2, at), raise(SIGKILL);
    if (full_at && calls == full_at && n > 1) return raw_write(fd, data, n / 2, at);
    if (full_at && calls >= full_at) return errno = ENOSPC, -1;
    if (journal >= 0) record(fd, data, n, at < 0 ? lseek(fd, 0, SEEK_CUR) : at);
    return raw_write(fd, data, n, at);
}

ssize_t write(int fd, const void *data, size_t n) { return put(fd, data, n, -1); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return put(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at) { return put(fd, data, n, at); }

int ftruncate(int fd, off_t size) {
    if (is_counted(fd)) {
        step(0);
        if (journal >= 0) record(fd, NULL, 0, size);
    }
    return syscall(SYS_ftruncate, fd, size);
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int sync_with(long number, int fd) {
    int counted = is_counted(fd);
    if (counted) step(0);
    int done = syscall(number, fd);
    if (counted && journal >= 0) note("S 0 0", fd, "", 0, "", 0);
    return done;
}
int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

int unlink(const char *path) {
    if (active) step(0);
    if (active && journal >= 0 && dprintf(journal, "U 0 0 0 0 %s\n", path) < 0) abort();
    return syscall(SYS_unlinkat, -100, path, 0);
}
int unlinkat(int folder, const char *path, int flags) {
    if (active) step(0);
    return syscall(SYS_unlinkat, folder, path, flags);
}
int rename(const char *old, const char *new) {
    if (active) step(0);
    return syscall(SYS_renameat2, -100, old, -100, new, 0);
}
int renameat(int from, const char *old, int to, const char *new) {
    if (active) step(0);
    return syscall(SYS_renameat2, from, old, to, new, 0);
}
