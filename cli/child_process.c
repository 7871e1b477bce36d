/* SPDX-License-Identifier: Apache-2.0 */
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_error.h"
#include "cli_stop.h"

/* Most that a program may write. */
#define MOST_OUTPUT ((size_t)64 << 20)

extern char **environ;

/* stdout goes into the pipe, stderr nowhere. posix_spawn gives an error number. */
static int spawn(pid_t *pid, char *const argv[], int output) {
    posix_spawn_file_actions_t actions;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0) return number;
    number = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (number == 0)
        number = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (number == 0)
        number =
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (number == 0) number = posix_spawn(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

static hone_status make_room(child_output *out, size_t *capacity, const char *name,
                             hone_error *err) {
    if (out->size + 1 < *capacity) return HONE_OK;
    if (*capacity >= MOST_OUTPUT)
        return cli_fail_file(err, HONE_E_LIMIT, name, "it writes more than %zu bytes", MOST_OUTPUT);
    char *grown = realloc(out->text, *capacity + 65536);
    if (!grown) return cli_fail_nomem(err);
    out->text = grown;
    *capacity += 65536;
    return HONE_OK;
}

/* Reads to the end. A signal interrupts that; the program is told, and still read to its end. */
static hone_status read_all(child_output *out, int input, pid_t pid, const char *name,
                            hone_error *err) {
    size_t capacity = 0;
    for (;;) {
        TRY(make_room(out, &capacity, name, err));
        const ssize_t n = read(input, out->text + out->size, capacity - out->size - 1);
        if (n > 0) out->size += (size_t)n;
        if (n == 0) break;
        if (n < 0 && errno != EINTR) return cli_fail_errno(err, name, "read the output of it");
        if (n < 0 && stop_signal()) kill(pid, stop_signal());
    }
    out->text[out->size] = '\0';
    return HONE_OK;
}

static int wait_for(pid_t pid) {
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        if (stop_signal()) kill(pid, stop_signal());
    return WIFSIGNALED(state) ? EXIT_SIGNAL + WTERMSIG(state) : WEXITSTATUS(state);
}

hone_status child_run(child_output *out, char *const argv[], hone_error *err) {
    int ends[2];
    pid_t pid;
    *out = (child_output){.text = NULL};
    TRY(stop_check(err));
    if (pipe2(ends, O_CLOEXEC) != 0) return cli_fail_errno(err, argv[0], "run");
    const int number = spawn(&pid, argv, ends[1]);
    close(ends[1]);
    if (number != 0) {
        errno = number;
        const hone_status status = cli_fail_errno(err, argv[0], "run");
        close(ends[0]);
        return status;
    }
    const hone_status status = read_all(out, ends[0], pid, argv[0], err);
    close(ends[0]);
    if (status != HONE_OK) kill(pid, SIGTERM);
    out->exit_code = wait_for(pid);
    TRY(status);
    return stop_check(err);
}

void child_output_release(child_output *out) {
    free(out->text);
    *out = (child_output){.text = NULL};
}
