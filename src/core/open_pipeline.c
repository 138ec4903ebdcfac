#include "core/internal.h"

mn_code mn_core_open(const mn_core_options *options, mn_pipeline *pipeline, mn_core **out, mn_error *err)
{
    return mn_core_open_model(options, mn_pack_name(mn_pipeline_pack(pipeline)),
                              mn_pipeline_descriptor_model(pipeline), out, err);
}

mn_code mn_core_open_pack(const mn_core_options *options, const mn_pack *pack, mn_core **out, mn_error *err)
{
    const mn_model_info *model = mn_pack_find(pack, "descriptor", NULL, "fp32");
    return model ? mn_core_open_model(options, mn_pack_name(pack), model, out, err)
                 : mn_fail(err, MN_E_MODEL, "the %s pack has no descriptor model", mn_pack_name(pack));
}
