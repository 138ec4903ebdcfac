#include "core/internal.h"

mn_code mn_core_open(const mn_core_options *options, mn_pipeline *pipeline, mn_core **out, mn_error *err)
{
    return mn_core_open_model(options, mn_pack_name(mn_pipeline_pack(pipeline)),
                              mn_pipeline_descriptor_model(pipeline), out, err);
}
