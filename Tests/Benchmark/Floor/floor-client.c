// What a client costs that only has to ask and to print: sends a line that it was given, reads a line, and prints the
// access token in it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "Usage: %s SOCKET REQUEST\n", argv[0]);
        return 64;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(argv[1]) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(argv[1]);
    }
    strcpy(address.sun_path, argv[1]);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");

    char request[4096];
    int length = snprintf(request, sizeof request, "%s\n", argv[2]);
    if (length < 0 || (size_t)length >= sizeof request) return 64;
    if (send(server, request, (size_t)length, MSG_NOSIGNAL) != length) fail("send");

    char answer[1 << 16];
    size_t filled = 0;
    while (filled == 0 || answer[filled - 1] != '\n') {
        ssize_t count = recv(server, answer + filled, sizeof answer - 1 - filled, 0);
        if (count < 0) fail("recv");
        if (count == 0) return EXIT_FAILURE;
        filled += (size_t)count;
    }
    answer[filled] = '\0';

    const char *name = "\"access_token\":\"";
    char *token = strstr(answer, name);
    if (!token) return EXIT_FAILURE;
    token += strlen(name);
    char *end = strchr(token, '"');
    if (!end) return EXIT_FAILURE;
    *end++ = '\n';
    if (write(STDOUT_FILENO, token, (size_t)(end - token)) != end - token) fail("write");
    return 0;
}
