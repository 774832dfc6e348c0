// push PORT PATH FILE LINES REQUESTS CONNECTIONS [TYPE]: sends REQUESTS times LINES lines of FILE, each line once, to
// http://127.0.0.1:PORT/PATH over CONNECTIONS connections that stay open, each with one request under way. Where LINES is 0
// FILE holds bodies, each behind its length (four bytes, the lowest first). TYPE is what `Content-Type` says.
// Prints: events, seconds, requests a second, median and 99th percentile of the answers in ms, the longest, its own CPU seconds.
// Build: cc -O2 -pthread -o push push.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static const char *path, *type = "application/x-ndjson";
static int port;
static long requests, lines;
static char **bodies; // where each request's body begins
static size_t *lengths;
static double *took;
static atomic_long next;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "push: %s\n", what);
    exit(1);
}

static void *sender(void *unused) {
    (void)unused;
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(s, (struct sockaddr *)&to, sizeof to)) fail("can't connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char head[512], answer[8192];
    for (long i; (i = atomic_fetch_add(&next, 1)) < requests;) {
        size_t length = lengths[i];
        int n = snprintf(head, sizeof head,
            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", path, type, length);
        double start = now();
        struct iovec { void *base; size_t length; } parts[2] = {{head, n}, {bodies[i], length}};
        for (int part = 0; part < 2; part++)
            for (size_t done = 0; done < parts[part].length;) {
                ssize_t sent = send(s, (char *)parts[part].base + done, parts[part].length - done, part ? 0 : MSG_MORE);
                if (sent <= 0) fail("the connection was closed");
                done += sent;
            }
        size_t got = 0;
        char *end = 0;
        while (!end) {
            ssize_t n = recv(s, answer + got, sizeof answer - 1 - got, 0);
            if (n <= 0) fail("no answer");
            answer[got += n] = 0;
            end = strstr(answer, "\r\n\r\n");
        }
        if (strncmp(answer, "HTTP/1.1 200", 12)) { fprintf(stderr, "%s\n", answer); fail("not answered with 200"); }
        char *field = strcasestr(answer, "content-length:");
        size_t body = field ? strtoul(field + 15, 0, 10) : 0, have = answer + got - end - 4;
        while (have < body) {
            ssize_t n = recv(s, answer, sizeof answer, 0);
            if (n <= 0) fail("the answer was cut");
            have += n;
        }
        took[i] = now() - start;
    }
    close(s);
    return 0;
}

static int byTime(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }

int main(int c, char **v) {
    if (c != 7 && c != 8) { fprintf(stderr, "push PORT PATH FILE LINES REQUESTS CONNECTIONS [TYPE]\n"); return 64; }
    if (c == 8) type = v[7];
    port = atoi(v[1]); path = v[2]; lines = atol(v[4]); requests = atol(v[5]);
    int connections = atoi(v[6]);
    int f = open(v[3], O_RDONLY);
    struct stat st;
    if (f < 0 || fstat(f, &st)) fail("the file can't be read");
    char *text = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, f, 0), *at = text, *end = text + st.st_size;
    bodies = malloc(requests * sizeof *bodies);
    lengths = malloc(requests * sizeof *lengths);
    took = malloc(requests * sizeof *took);
    for (long i = 0; i < requests; i++) {
        if (!lines) {
            unsigned char *head = (unsigned char *)at;
            if (end - at < 4) fail("the file has too few bodies");
            lengths[i] = head[0] | head[1] << 8 | head[2] << 16 | (size_t)head[3] << 24;
            bodies[i] = at + 4;
            if (lengths[i] > (size_t)(end - bodies[i])) fail("a body is cut");
            at = bodies[i] + lengths[i];
            continue;
        }
        bodies[i] = at;
        for (long l = 0; l < lines; l++) {
            char *line = memchr(at, '\n', end - at);
            if (!line) fail("the file has too few lines");
            at = line + 1;
        }
        lengths[i] = at - bodies[i];
    }
    pthread_t *threads = malloc(connections * sizeof *threads);
    double start = now();
    for (int i = 0; i < connections; i++) pthread_create(&threads[i], 0, sender, 0);
    for (int i = 0; i < connections; i++) pthread_join(threads[i], 0);
    double seconds = now() - start;
    qsort(took, requests, sizeof *took, byTime);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%ld %.3f %.0f %.2f %.2f %.2f %.2f\n", requests * (lines ? lines : 1), seconds, requests / seconds,
        took[requests / 2] * 1e3, took[requests * 99 / 100] * 1e3, took[requests - 1] * 1e3, cpu);
}
