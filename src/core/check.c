#include "core/internal.h"

#include "store/audit.h"

mn_code mn_core_check(mn_core *c, uint64_t *audit_records, mn_error *err)
{
    mn_audit_report report = {0};
    mn_code code = c->store->ops->check(c->store, err);
    if (code == MN_OK)
        code = mn_audit_verify(c->store, &report, err);
    if (code == MN_OK && audit_records)
        *audit_records = report.records;
    return code;
}

mn_code mn_core_counts(mn_core *c, mn_store_counts *out, mn_error *err)
{
    return c->store->ops->counts(c->store, out, err);
}

mn_code mn_core_alive(mn_core *c, mn_error *err)
{
    uint64_t generation;
    return c->store->ops->generation(c->store, &generation, err);
}
