/* --consent PURPOSE and what belongs to it: a statement that holds for all who are taken in by this command.
 */
#ifndef MN_CLI_CONSENT_H
#define MN_CLI_CONSENT_H

#include "cli/args.h"
#include "core/core.h"

/* *given: whether one was stated. The texts are the command line's. MN_E_INVALID where only a part of it was.
 */
mn_code mn_consent_read(const mn_args *args, mn_consent_given *out, bool *given, mn_error *err);

#endif
