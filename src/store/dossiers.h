/* Inside store: what both back ends do with the four lists that dossiers are made of. */
#ifndef MN_STORE_DOSSIERS_H
#define MN_STORE_DOSSIERS_H

#include "store/store.h"

/* Each in the order of the people's ids. What belongs to nobody among `people` is passed over. */
typedef struct {
    mn_dossier *people;
    mn_consent *consents;
    mn_dossier_list *lists;
    mn_dossier_face *faces;
    size_t n, n_consents, n_lists, n_faces;
} mn_dossier_parts;

/* Gives everybody their share of the lists. */
void mn_dossiers_join(mn_dossier_parts *parts);

#endif
