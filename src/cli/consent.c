#include "cli/consent.h"

static mn_code read_until(const char *text, mn_time now, mn_time *until, mn_error *err)
{
    mn_time span;
    *until = MN_TIME_NEVER;
    if (!text || mn_time_parse(text, until))
        return MN_OK;
    if (!mn_duration_parse(text, &span))
        return mn_fail(err, MN_E_INVALID,
                       "--consent-until %.40s: it takes a date (2027-12-31) or a span (2y, 90d)", text);
    *until = now + span;
    return MN_OK;
}

mn_code mn_consent_read(const mn_args *a, mn_consent_given *out, bool *given, mn_error *err)
{
    mn_time now = mn_time_now();
    mn_consent_given c = {.given = now};
    mn_code code = read_until(a->value[MN_O_CONSENT_UNTIL], now, &c.until, err);
    if (code != MN_OK)
        return code;
    if (!a->value[MN_O_CONSENT]) {
        if (a->value[MN_O_CONSENT_METHOD] || a->value[MN_O_CONSENT_EVIDENCE] || a->value[MN_O_CONSENT_UNTIL])
            return mn_fail(err, MN_E_INVALID, "which consent? Say what it is for: --consent PURPOSE");
        *given = false;
        return MN_OK;
    }
    if (!a->value[MN_O_CONSENT_METHOD])
        return mn_fail(err, MN_E_INVALID, "--consent needs --consent-method: how was it given?");
    mn_purpose_parse(a->value[MN_O_CONSENT], &c.purpose);
    c.method = a->value[MN_O_CONSENT_METHOD];
    c.evidence = a->value[MN_O_CONSENT_EVIDENCE] ? a->value[MN_O_CONSENT_EVIDENCE] : "";
    *out = c;
    *given = true;
    return MN_OK;
}
