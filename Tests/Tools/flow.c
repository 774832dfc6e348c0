// flow EVENTS DIRECTORY RATE SECONDS LINES: writes the lines of EVENTS over and over to DIRECTORY/flow-000000.jsonl and so on, LINES
// a file, with the present moment as their time ("ts") and ids of their own: RATE lines a second, or as many as can be
// where RATE is 0, for SECONDS. It keeps at most MAX_AHEAD files beyond those that somebody removed.
// Prints, for each tenth of a second, nanoseconds since 1970 and how many lines are written; at its end its own CPU seconds.
// Build: cc -O2 -o flow flow.c
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 50000000L // how often lines are written
#define MAX_AHEAD 8       // files
#define MAX_LINE 4096     // bytes
#define ID_DIGITS 12

struct line {
    const char *start;
    uint32_t length, time, id; // bytes from the start; 0 where there is no id
};

static void fail(const char *what) {
    fprintf(stderr, "flow: %s\n", what);
    exit(1);
}

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static struct line *lines_of(const char *path, size_t *count) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) || status.st_size == 0) fail("can't read the events");
    const char *text = mmap(0, status.st_size, PROT_READ, MAP_PRIVATE, file, 0), *end = text + status.st_size;
    if (text == MAP_FAILED) fail("can't map the events");
    size_t room = 0;
    struct line *lines = 0;
    *count = 0;
    for (const char *at = text, *next; at < end; at = next) {
        next = memchr(at, '\n', end - at);
        if (!next) break;
        next++;
        const char *time = memmem(at, next - at, "\"ts\":\"", 6), *id = memmem(at, next - at, "\"id\":\"", 6);
        if (!time || next - at > MAX_LINE) fail("a line has no \"ts\", or is longer than 4,096 bytes");
        if (*count == room) lines = realloc(lines, (room = room ? room * 2 : 1 << 16) * sizeof *lines);
        if (!lines) fail("no memory");
        // The last characters of the id, which has at least as many.
        const char *quote = id ? memchr(id + 6, '"', next - id - 6) : 0;
        uint32_t place = quote && quote - (id + 6) >= ID_DIGITS ? quote - at - ID_DIGITS : 0;
        lines[(*count)++] = (struct line){at, next - at, time + 6 - at, place};
    }
    if (!*count) fail("there are no events");
    return lines;
}

static void write_all(int file, const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(file, bytes, length);
        if (n <= 0) fail("can't write");
        bytes += n;
        length -= n;
    }
}

// Bytes written and not read by anybody stay in the page cache; there is no sync.
static int next_file(const char *directory, long number, int last) {
    char path[4096];
    if (last >= 0) close(last);
    if (number >= MAX_AHEAD) {
        snprintf(path, sizeof path, "%s/flow-%06ld.jsonl", directory, number - MAX_AHEAD);
        while (access(path, F_OK) == 0) usleep(10000);
    }
    snprintf(path, sizeof path, "%s/flow-%06ld.jsonl", directory, number);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (file < 0) fail("can't make a file");
    return file;
}

int main(int argc, char **argv) {
    if (argc != 6) fail("give EVENTS DIRECTORY RATE SECONDS LINES");
    size_t count;
    struct line *lines = lines_of(argv[1], &count);
    double rate = atof(argv[3]);
    int64_t span = (int64_t)(atof(argv[4]) * 1e9), per_file = atol(argv[5]);
    size_t room = 4 << 20, used = 0;
    char *buffer = malloc(room), stamp[64];
    if (!buffer || per_file < 1) fail("no memory, or no lines a file");
    int64_t start = now(CLOCK_MONOTONIC), written = 0, told = 0, ticks = 0;
    long number = 0;
    int file = next_file(argv[2], number++, -1);
    for (;;) {
        int64_t passed = now(CLOCK_MONOTONIC) - start;
        if (passed >= span) break;
        int64_t due = rate > 0 ? (int64_t)(rate * passed / 1e9) : written + 20000;
        struct timespec moment;
        clock_gettime(CLOCK_REALTIME, &moment);
        struct tm parts;
        gmtime_r(&moment.tv_sec, &parts);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
        snprintf(stamp + 19, sizeof stamp - 19, ".%03ldZ", moment.tv_nsec / 1000000);
        for (; written < due; written++) {
            if (written && written % per_file == 0) {
                write_all(file, buffer, used);
                used = 0;
                file = next_file(argv[2], number++, file);
            }
            const struct line *line = &lines[written % count];
            if (used + line->length > room) {
                write_all(file, buffer, used);
                used = 0;
            }
            char *at = buffer + used;
            memcpy(at, line->start, line->length);
            memcpy(at + line->time, stamp, 24);
            if (line->id)
                for (int64_t digit = 0, rest = written; digit < ID_DIGITS; digit++, rest >>= 4)
                    at[line->id + digit] = "0123456789abcdef"[rest & 15];
            used += line->length;
        }
        write_all(file, buffer, used);
        used = 0;
        if (passed / 100000000L != told || !ticks++) {
            told = passed / 100000000L;
            printf("%ld %ld\n", (long)now(CLOCK_REALTIME), (long)written);
            fflush(stdout);
        }
        if (rate > 0) {
            int64_t rest = TICK_NS - (now(CLOCK_MONOTONIC) - start) % TICK_NS;
            usleep(rest / 1000);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld %ld\n", (long)now(CLOCK_REALTIME), (long)written);
    printf("cpu %.2f\n", usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    return 0;
}
