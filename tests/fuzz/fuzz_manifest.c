/* Manifests are built in, but packs of one's own come as text, too. What is accepted must be safe to use. */
#include "infer/pack.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_calibration(const mn_calibration *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (!(c->raw[i] > c->raw[i - 1]) || !(c->log10_fmr[i] <= c->log10_fmr[i - 1]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_pack *pack = NULL;
    mn_error err;
    if (mn_pack_parse((const char *)data, size, "/packs", &pack, &err) != MN_OK)
        return 0;
    for (size_t i = 0; i < mn_pack_count(pack); i++) {
        const mn_model_info *m = mn_pack_model(pack, i);
        char path[512];
        mn_pack_path(pack, m, path, sizeof path);
        if (strncmp(path, "/packs/", 7) != 0 || strstr(path, "/.") || strlen(m->sha256) != 64 || m->bytes < 1)
            abort();
        if (mn_pack_find(pack, m->task, m->name, m->precision) != m)
            abort();
        check_calibration(&m->calibration);
        check_calibration(&m->normalisation.calibration);
        if (m->normalisation.least && !(m->normalisation.share > 0 && m->normalisation.share <= 1))
            abort();
    }
    mn_pack_close(pack);
    return 0;
}
