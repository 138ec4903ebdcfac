/* Records that several headers of the store speak of. Part of store.h, which says what holds for all of it.
 */
#ifndef MN_STORE_STORE_RECORDS_H
#define MN_STORE_STORE_RECORDS_H

#include "base/id.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mn_store mn_store;

typedef enum { MN_ANY = -1, MN_NO = 0, MN_YES = 1 } mn_choice;

/* The record that a page ended with, which may be gone by now: the next page goes on behind it. */
typedef struct {
    mn_id id;
    mn_time time;     /* that it was sorted by, */
    const char *name; /* or this, by the order */
} mn_place;

typedef struct {
    mn_id id, account;
    const char *external_id; /* NULL: none; unique within the account */
    const char *name, *user_data;
    bool active;
    mn_time created, updated;
    const char *custom; /* values of custom fields: a JSON object; NULL: none */
    mn_id avatar;       /* the face that stands for the person; nil: none was chosen */
} mn_person;

typedef enum {
    MN_PURPOSE_VERIFICATION,
    MN_PURPOSE_IDENTIFICATION,
    MN_PURPOSE_LIVE,
    MN_PURPOSE_ATTENDANCE,
    MN_PURPOSES
} mn_purpose;
const char *mn_purpose_word(mn_purpose p); /* verification, identification, live_identification, attendance */
bool mn_purpose_parse(const char *word, mn_purpose *p);

typedef struct {
    mn_id id, person;
    mn_purpose purpose;
    const char *method;   /* how it was given: "signed form", "web form", ... */
    const char *evidence; /* reference to the proof */
    mn_time given, until; /* until: MN_TIME_NEVER where open-ended */
    mn_time withdrawn;    /* MN_TIME_NEVER: not withdrawn */
} mn_consent;

typedef struct {
    mn_id id, account;
    const char *name; /* unique within the account */
    mn_purpose purpose;
    mn_time retention; /* how long a membership lasts; MN_TIME_NEVER */
    double fmr;        /* threshold of the list; 0: the request's or the default one */
    mn_time created, updated;
    const char *comment, *color; /* "#rrggbb"; NULL: none */
    bool inactive;               /* in no search */
    bool acknowledge, sound;     /* what is wanted for events of members */
} mn_list;

typedef struct {
    mn_id id, person;
    const char *source;      /* file name or other origin, for people to recognise; may be NULL */
    const char *source_hash; /* hex digest of the picture's bytes, for resume; may be NULL */
    float quality;
    mn_id sample; /* blob, nil: none */
    mn_time created;
    bool original; /* is the whole picture stored? As faces_of says; nobody else asks */
} mn_face_record;

#endif
