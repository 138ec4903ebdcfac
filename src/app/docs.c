#include "app/docs.h"

#include <string.h>

const mn_docs_file *mn_docs_find(const char *name)
{
    for (const mn_docs_file *f = mn_docs_files; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}
