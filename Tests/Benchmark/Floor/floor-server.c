// What a server costs that only has to say one line: epoll, one thread, no protocol. Answers each line with the bytes of
// a file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char answer[1 << 16];
static size_t answer_length;

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void read_answer(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(path);
    ssize_t count = read(file, answer, sizeof answer);
    if (count <= 0) fail(path);
    answer_length = (size_t)count;
    close(file);
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail(path);
    if (listen(listener, 4096) != 0) fail("listen");
    return listener;
}

static void watch(int poller, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

static void accept_all(int poller, int listener) {
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EAGAIN) return;
            fail("accept4");
        }
        watch(poller, client);
    }
}

// Answers what has come. A client that is gone, or takes less than it is sent, is closed on.
static void serve(int client) {
    char request[8192];
    ssize_t count = recv(client, request, sizeof request, 0);
    if (count < 0 && errno == EAGAIN) return;
    for (char *at = request; count > 0; at++) {
        at = memchr(at, '\n', (size_t)(request + count - at));
        if (!at) return;
        if (send(client, answer, answer_length, MSG_NOSIGNAL) != (ssize_t)answer_length) break;
    }
    close(client);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "Usage: %s SOCKET ANSWER-FILE\n", argv[0]);
        return 64;
    }
    read_answer(argv[2]);
    int listener = listen_at(argv[1]);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll_create1");
    watch(poller, listener);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) accept_all(poller, listener);
            else serve(events[i].data.fd);
        }
    }
}
