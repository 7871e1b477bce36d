/* SPDX-License-Identifier: Apache-2.0
 *
 * twice.c from C++: the header's handles in smart pointers, its structs by HONE_INIT.
 */
#include <cstdio>
#include <hone/hone.h>
#include <memory>

namespace {

struct closer {
    void operator()(hone_model *m) const { hone_model_close(m); }
    void operator()(hone_session *s) const { hone_session_destroy(s); }
};

int fail(const char *what) {
    std::fprintf(stderr, "twice: %s\n", what);
    return 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) return fail("usage: twice MODEL");
    hone_error err;
    hone_limits limits = HONE_INIT(hone_limits);
    limits.nodes = 100;
    hone_open_options options = HONE_INIT(hone_open_options);
    options.limits = &limits;
    hone_model *opened = nullptr;
    if (hone_model_open(&opened, argv[1], &options, &err)) return fail(err.text);
    const std::unique_ptr<hone_model, closer> model(opened);
    hone_session *created = nullptr;
    if (hone_session_create(&created, model.get(), nullptr, &err)) return fail(err.text);
    const std::unique_ptr<hone_session, closer> session(created);
    float x[2] = {1.5F, -4.0F};
    hone_view in = {x, sizeof x, HONE_F32, 1, {2}, HONE_TENSOR};
    hone_view out;
    if (hone_session_bind(session.get(), 0, &in, &err) || hone_session_run(session.get(), &err) ||
        hone_session_output(session.get(), 0, &out, &err))
        return fail(err.text);
    const float *y = static_cast<const float *>(out.data);
    std::printf("hone %s\n", hone_version());
    return y[0] == 3.0F && y[1] == -8.0F ? 0 : fail("the result is wrong");
}
