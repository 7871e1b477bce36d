/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user of the library writes first: runs a model that doubles its input of two numbers.
 * Exit code 0 if it does. Names that the library uses inside must be free for users.
 */
#include <hone/hone.h>
#include <stdio.h>

int fail(const char *what);
int fail(const char *what) {
    fprintf(stderr, "twice: %s\n", what);
    return 1;
}

int main(int argc, char **argv) {
    hone_error err;
    hone_model *model = NULL;
    hone_session *session = NULL;
    hone_view in, out;
    if (argc != 2) return fail("usage: twice MODEL");
    if (hone_model_open(&model, "no such file", NULL, &err) != HONE_E_IO)
        return fail("a missing file did not fail");
    if (hone_model_open(&model, argv[1], NULL, &err) ||
        hone_session_create(&session, model, NULL, &err) ||
        hone_session_input(session, 0, &in, &err))
        return fail(err.text);
    ((float *)in.data)[0] = 1.5F;
    ((float *)in.data)[1] = -4.0F;
    if (hone_session_run(session, &err) || hone_session_output(session, 0, &out, &err))
        return fail(err.text);
    const float *y = out.data;
    const int right = out.rank == 1 && out.dim[0] == 2 && y[0] == 3.0F && y[1] == -8.0F;
    hone_session_destroy(session);
    hone_model_close(model);
    printf("hone %s\n", hone_version());
    return right ? 0 : fail("the result is wrong");
}
