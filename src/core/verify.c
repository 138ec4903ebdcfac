#include "core/core.h"

#include "gallery/calibration.h"

mn_verdict mn_decide_verify(const mn_model_info *model, const mn_descriptor *a, const mn_descriptor *b,
                            double fmr)
{
    const mn_calibration *c = &model->calibration;
    mn_verdict v = {.metric = model->metric, .threshold_fmr = fmr, .raw = (double)mn_descriptor_score(a, b)};
    v.threshold_raw = mn_calibration_threshold(c, fmr, &v.threshold_measured);
    v.similarity = mn_calibration_similarity(c, v.raw);
    v.fmr = mn_calibration_fmr(c, v.raw);
    v.same = v.raw >= v.threshold_raw;
    return v;
}
