// Asks for things and takes the time. Prints what came of it, one `NAME VALUE` a line; times are nanoseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *usage =
    "Usage: load CORE COMMAND ARGUMENT...\n"
    "\n"
    "Runs on one core (-1: on any). REQUESTS is a file of lines, of which the next is sent each time.\n"
    "  latency SOCKET REQUESTS COUNT PAUSE   one connection, one request at a time, PAUSE microseconds between two,\n"
    "                                        waiting in poll(2)\n"
    "  blocked SOCKET REQUESTS COUNT PAUSE   the same, waiting in recv(2)\n"
    "  kept SOCKET REQUESTS N MILLISECONDS   N connections, one request at a time on each\n"
    "  fresh SOCKET REQUESTS N MILLISECONDS  a new connection for each request, N at a time\n"
    "  processes COUNT FILE COMMAND-LINE...  each of the command lines (words parted by one space) in turn, COUNT\n"
    "                                        times, standard output to FILE\n";

extern char **environ;

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void give_up(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) fail("malloc");
    return memory;
}

static long number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text) give_up(usage);
    return value;
}

// MARK: Requests

static char *requests;
static size_t requests_length;
static size_t next_request;

static void read_requests(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) fail(path);
    requests = allocate((size_t)status.st_size);
    while (requests_length < (size_t)status.st_size) {
        ssize_t count = read(file, requests + requests_length, (size_t)status.st_size - requests_length);
        if (count <= 0) fail(path);
        requests_length += (size_t)count;
    }
    if (!requests_length || requests[requests_length - 1] != '\n') give_up("the requests must be whole lines");
    close(file);
}

static void send_request(int server) {
    char *line = requests + next_request;
    char *end = (char *)memchr(line, '\n', requests_length - next_request) + 1;
    next_request = (size_t)(end - requests) % requests_length;
    if (send(server, line, (size_t)(end - line), MSG_NOSIGNAL) != end - line) fail("send");
}

// Whether an answer has come to its end; it must be a result.
static int receive(int server, int is_new) {
    static char answer[1 << 16];
    ssize_t count = recv(server, answer, sizeof answer, 0);
    if (count < 0) fail("recv");
    if (count == 0) give_up("the server ended the connection");
    if (is_new && !memmem(answer, (size_t)count, "\"result\"", 8)) give_up("an answer is not a result");
    return answer[count - 1] == '\n';
}

static int connected(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) give_up("the socket's path is too long");
    strcpy(address.sun_path, path);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    return server;
}

// MARK: Commands

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void wait_for_answer(int server) {
    struct pollfd event = {.fd = server, .events = POLLIN};
    if (poll(&event, 1, -1) != 1) fail("poll");
}

static void latency(const char *path, long count, long pause, int waits_in_poll) {
    int64_t *times = allocate((size_t)count * sizeof *times);
    int server = connected(path);
    int64_t next = now();
    for (long i = 0; i < count; i++) {
        struct timespec time = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        if (pause) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        int64_t start = now();
        send_request(server);
        if (waits_in_poll) wait_for_answer(server);
        for (int is_new = 1; !receive(server, is_new);) is_new = 0;
        times[i] = now() - start;
        next = start + times[i] + pause * 1000;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("p50 %ld\np99 %ld\nmost %ld\n", (long)times[count / 2], (long)times[count * 99 / 100],
           (long)times[count - 1]);
}

static void crowd(const char *path, long width, long milliseconds, int is_fresh) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll_create1");
    // Indexed by descriptor, which are small numbers.
    char *is_new = allocate((size_t)width + 64);
    int64_t start = now(), end = start + milliseconds * 1000000;
    long answers = 0;
    for (long i = 0; i < width; i++) {
        int server = connected(path);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
        if (server >= width + 64 || epoll_ctl(poller, EPOLL_CTL_ADD, server, &event) != 0) fail("epoll_ctl");
        is_new[server] = 1;
        send_request(server);
    }
    while (now() < end) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, 1000);
        if (count == 0) give_up("no answer for a second");
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            int server = events[i].data.fd;
            if (!receive(server, is_new[server])) {
                is_new[server] = 0;
                continue;
            }
            answers++;
            if (is_fresh) {
                close(server);
                server = connected(path);
                struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
                if (epoll_ctl(poller, EPOLL_CTL_ADD, server, &event) != 0) fail("epoll_ctl");
            }
            is_new[server] = 1;
            send_request(server);
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    long own = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000L +
               (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000L;
    printf("answers %ld\ntime %ld\ncpu %ld\n", answers, (long)(now() - start), own);
}

static void processes(long count, const char *output, int commands, char **lines) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_APPEND, 0);
    char *words[commands][64];
    for (int c = 0; c < commands; c++) {
        int n = 0;
        for (char *rest = lines[c], *word; n < 63 && (word = strsep(&rest, " "));) words[c][n++] = word;
        words[c][n] = NULL;
    }
    for (long i = 0; i < count; i++) {
        for (int c = 0; c < commands; c++) {
            pid_t child;
            int status;
            struct rusage used;
            int64_t start = now();
            errno = posix_spawn(&child, words[c][0], &actions, NULL, words[c], environ);
            if (errno) fail(words[c][0]);
            if (wait4(child, &status, 0, &used) != child) fail("wait4");
            int64_t time = now() - start;
            if (status) give_up("a program failed");
            long cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000L +
                       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000L;
            printf("time%d %ld\ncpu%d %ld\n", c, (long)time, c, cpu);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fputs(usage, stderr);
        return 64;
    }
    long core = number(argv[1]);
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)core, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
    }
    const char *command = argv[2];
    if (!strcmp(command, "processes")) {
        processes(number(argv[3]), argv[4], argc - 5, argv + 5);
        return 0;
    }
    if (argc != 7) give_up(usage);
    read_requests(argv[4]);
    long first = number(argv[5]), second = number(argv[6]);
    if (!strcmp(command, "latency")) latency(argv[3], first, second, 1);
    else if (!strcmp(command, "blocked")) latency(argv[3], first, second, 0);
    else if (!strcmp(command, "kept")) crowd(argv[3], first, second, 0);
    else if (!strcmp(command, "fresh")) crowd(argv[3], first, second, 1);
    else give_up(usage);
    return 0;
}
