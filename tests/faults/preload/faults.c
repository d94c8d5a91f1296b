/* Loaded into a command by LD_PRELOAD: counts the calls that change files below FAULTS_ROOT, and at the one numbered
 * FAULTS_AT does what FAULTS_DOES says:
 *   kill    the process dies before the call;
 *   cut     the same, and unsynced writes are lost, as in a power failure;
 *   <n>     the call fails with this errno, and so do those after it if FAULTS_STAYS is set.
 * FAULTS_COUNT names a file of 8 bytes in which the calls are counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { MOST_FILES = 4096 };

static const char *root;
static size_t root_length;
static uint64_t own_count, *count = &own_count;
static uint64_t at;
static int fails_with, cuts, stays;

/* Files written but not synced since. */
static struct { dev_t device; ino_t inode; char path[PATH_MAX]; } unsynced[MOST_FILES];
static int unsynced_files;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *number = getenv("FAULTS_AT"), *does = getenv("FAULTS_DOES"), *file = getenv("FAULTS_COUNT");
  root = getenv("FAULTS_ROOT");
  if (root == NULL) return;
  root_length = strlen(root);
  at = number == NULL ? 0 : strtoull(number, NULL, 10);
  cuts = does != NULL && strcmp(does, "cut") == 0;
  fails_with = does == NULL ? 0 : atoi(does);
  stays = getenv("FAULTS_STAYS") != NULL;
  if (file == NULL) return;
  int opened = open(file, O_RDWR);
  void *mapped = opened < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
  if (mapped != MAP_FAILED) count = mapped;
  if (opened >= 0) close(opened);
}

static int is_below(const char *path) {
  return root != NULL && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* Whether changes of a path, relative to an open folder, are counted. */
static int counts(int folder, const char *path) {
  char place[64], found[PATH_MAX];
  if (root == NULL || path == NULL) return 0;
  if (path[0] == '/') return is_below(path);
  if (folder == AT_FDCWD) snprintf(place, sizeof place, "/proc/self/cwd");
  else snprintf(place, sizeof place, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(place, found, sizeof found - 1);
  if (length < 0) return 0;
  found[length] = 0;
  return is_below(found);
}

static int path_of(int file, char *found) {
  char place[64];
  snprintf(place, sizeof place, "/proc/self/fd/%d", file);
  ssize_t length = root == NULL ? -1 : readlink(place, found, PATH_MAX - 1);
  if (length < 0) return 0;
  found[length] = 0;
  return is_below(found);
}

static void lose_unsynced(void) {
  pthread_mutex_lock(&lock);
  for (int each = 0; each < unsynced_files; each++) {
    struct stat found;
    const char *path = unsynced[each].path;
    if (lstat(path, &found) == 0 && found.st_ino == unsynced[each].inode && found.st_dev == unsynced[each].device) {
      static int (*cut)(const char *, off_t);
      if (cut == NULL) cut = dlsym(RTLD_NEXT, "truncate");
      cut(path, 0);
    }
  }
}

/* Called before each counted call. Returns whether it must fail. */
static int fault(void) {
  uint64_t number = __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
  if (at == 0 || number < at || (number > at && !stays)) return 0;
  if (fails_with != 0) {
    errno = fails_with;
    return 1;
  }
  if (cuts) lose_unsynced();
  kill(getpid(), SIGKILL);
  pause();
  return 0;
}

static void wrote(int file) {
  char path[PATH_MAX];
  struct stat found;
  if (!cuts || !path_of(file, path) || fstat(file, &found) != 0) return;
  pthread_mutex_lock(&lock);
  int each = 0;
  while (each < unsynced_files && unsynced[each].inode != found.st_ino) each++;
  if (each < MOST_FILES) {
    unsynced[each].device = found.st_dev;
    unsynced[each].inode = found.st_ino;
    strcpy(unsynced[each].path, path);
    if (each == unsynced_files) unsynced_files++;
  }
  pthread_mutex_unlock(&lock);
}

static void synced(int file) {
  struct stat found;
  if (!cuts || fstat(file, &found) != 0) return;
  pthread_mutex_lock(&lock);
  for (int each = 0; each < unsynced_files; each++) {
    if (unsynced[each].inode == found.st_ino) unsynced[each] = unsynced[--unsynced_files];
  }
  pthread_mutex_unlock(&lock);
}

static void renamed(const char *from, const char *to) {
  pthread_mutex_lock(&lock);
  size_t length = strlen(from);
  for (int each = 0; each < unsynced_files; each++) {
    char *path = unsynced[each].path, moved[PATH_MAX * 2];
    if (strncmp(path, from, length) != 0 || (path[length] != 0 && path[length] != '/')) continue;
    snprintf(moved, sizeof moved, "%s%s", to, path + length);
    strncpy(path, moved, PATH_MAX - 1);
  }
  pthread_mutex_unlock(&lock);
}

#define REAL(result, name, ...)                      \
  static result (*real)(__VA_ARGS__);                \
  if (real == NULL) real = dlsym(RTLD_NEXT, #name)

#define CHANGES (O_CREAT | O_TRUNC)

#define OPEN(name)                                                                  \
  int name(const char *path, int flags, ...) {                                      \
    REAL(int, name, const char *, int, ...);                                        \
    mode_t mode = 0;                                                                \
    if (flags & (O_CREAT | O_TMPFILE)) {                                            \
      va_list rest;                                                                 \
      va_start(rest, flags);                                                        \
      mode = va_arg(rest, mode_t);                                                  \
      va_end(rest);                                                                 \
    }                                                                               \
    if ((flags & CHANGES) && counts(AT_FDCWD, path) && fault()) return -1;          \
    return real(path, flags, mode);                                                 \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                \
  int name(int folder, const char *path, int flags, ...) {                          \
    REAL(int, name, int, const char *, int, ...);                                   \
    mode_t mode = 0;                                                                \
    if (flags & (O_CREAT | O_TMPFILE)) {                                            \
      va_list rest;                                                                 \
      va_start(rest, flags);                                                        \
      mode = va_arg(rest, mode_t);                                                  \
      va_end(rest);                                                                 \
    }                                                                               \
    if ((flags & CHANGES) && counts(folder, path) && fault()) return -1;            \
    return real(folder, path, flags, mode);                                         \
  }
OPENAT(openat)
OPENAT(openat64)

#define WRITE(name, type, declared, given)                                          \
  type name declared {                                                              \
    REAL(type, name, FIRST declared);                                               \
    char path[PATH_MAX];                                                            \
    if (path_of(file, path) && fault()) return -1;                                  \
    type result = real given;                                                       \
    wrote(file);                                                                    \
    return result;                                                                  \
  }
#define FIRST(...) __VA_ARGS__
WRITE(write, ssize_t, (int file, const void *bytes, size_t length), (file, bytes, length))
WRITE(pwrite, ssize_t, (int file, const void *bytes, size_t length, off_t place), (file, bytes, length, place))
WRITE(pwrite64, ssize_t, (int file, const void *bytes, size_t length, off_t place), (file, bytes, length, place))
WRITE(ftruncate, int, (int file, off_t length), (file, length))
WRITE(ftruncate64, int, (int file, off_t length), (file, length))

#define SYNC(name)                                                                  \
  int name(int file) {                                                              \
    REAL(int, name, int);                                                           \
    char path[PATH_MAX];                                                            \
    if (path_of(file, path) && fault()) return -1;                                  \
    int result = real(file);                                                        \
    synced(file);                                                                   \
    return result;                                                                  \
  }
SYNC(fsync)
SYNC(fdatasync)

ssize_t copy_file_range(int from, off_t *from_place, int file, off_t *place, size_t length, unsigned flags) {
  REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);
  char path[PATH_MAX];
  if (path_of(file, path) && fault()) return -1;
  ssize_t result = real(from, from_place, file, place, length, flags);
  wrote(file);
  return result;
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  if (counts(AT_FDCWD, to) && fault()) return -1;
  int result = real(from, to);
  if (result == 0) renamed(from, to);
  return result;
}

#define PATH(name)                                                                  \
  int name(const char *path) {                                                      \
    REAL(int, name, const char *);                                                  \
    if (counts(AT_FDCWD, path) && fault()) return -1;                               \
    return real(path);                                                              \
  }
PATH(unlink)
PATH(rmdir)

int unlinkat(int folder, const char *path, int flags) {
  REAL(int, unlinkat, int, const char *, int);
  if (counts(folder, path) && fault()) return -1;
  return real(folder, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  if (counts(AT_FDCWD, path) && fault()) return -1;
  return real(path, mode);
}

int symlink(const char *target, const char *path) {
  REAL(int, symlink, const char *, const char *);
  if (counts(AT_FDCWD, path) && fault()) return -1;
  return real(target, path);
}

int link(const char *from, const char *to) {
  REAL(int, link, const char *, const char *);
  if (counts(AT_FDCWD, to) && fault()) return -1;
  return real(from, to);
}

int linkat(int one, const char *from, int other, const char *to, int flags) {
  REAL(int, linkat, int, const char *, int, const char *, int);
  if (counts(other, to) && fault()) return -1;
  return real(one, from, other, to, flags);
}
