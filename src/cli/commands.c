/* All commands, in the order in which help shows them. */
#include "cli/cli.h"

#define B(id) MN_O_BIT(id)

static const mn_command commands[] = {
    {"detect", "FILE...", 1, MN_OPERANDS_ANY, B(DRAW) | B(WITH) | B(BOX), "Find faces in pictures",
     "Prints for each face its box, the detector's score, five points, the head's pose and the quality; "
     "more with --with. A FILE may be a folder (searched through for pictures, told by their content) "
     "or - for standard input.",
     "no face in any of the pictures",
     "mien detect photo.jpg\n"
     "mien detect --draw found.jpg photo.jpg\n"
     "mien detect --json --with all holiday/ > faces.jsonl",
     mn_cmd_detect, MN_ALL_SETTINGS},
    {"describe", "FILE...", 1, MN_OPERANDS_ANY,
     B(WITH) | B(OUTPUT) | B(FACE) | B(BOX) | B(SAMPLE) | B(AGGREGATE), "Turn faces into descriptors",
     "A descriptor is what two faces are compared by. It is biometric data: it goes nowhere but where "
     "you send it. Without --json only its length and first numbers are shown. With --aggregate one "
     "face of each picture (the only one, unless --face says otherwise) goes into one descriptor; "
     "pictures of several people are refused, and the one that does not fit is named.",
     "no face in any of the pictures",
     "mien describe --json face.jpg\n"
     "mien describe --json --flip --output descriptors.jsonl faces/",
     mn_cmd_describe, MN_ALL_SETTINGS},
    {"quality", "FILE...", 1, MN_OPERANDS_ANY, B(PROFILE) | B(FACE) | B(BOX),
     "Is a picture fit for a document, or for enrolment?",
     "Makes up to 44 checks of one face and its picture, each with its value, what is asked for, and a "
     "verdict. What the models cannot see is told as not made, with the reason.",
     "no picture in which every check that was made passed",
     "mien quality passport.jpg\n"
     "mien quality --profile recognition --json people/",
     mn_cmd_quality, MN_ALL_SETTINGS},
    {"liveness", "FILE...", 1, MN_OPERANDS_ANY, B(BOX), "A live person, or a picture of one?",
     "Says live, spoof or unknown of each face, by liveness.threshold; unknown with the reasons: too "
     "small, too near the edge, turned away, or of a quality under liveness.min_quality. A hint, not a "
     "proof.",
     "no live face in any of the pictures",
     "mien liveness selfie.jpg\n"
     "mien liveness --set liveness.threshold=0.9 --json selfie.jpg",
     mn_cmd_liveness, MN_ALL_SETTINGS},
    {"compare", "A B", 2, 2, B(DRAW) | B(FACE) | B(SAMPLE), "Do two pictures show the same person?",
     "Compares one face of each picture: the largest, unless --face says otherwise. The answer is yes "
     "when the false-match rate at their similarity is at most --fmr.",
     "not the same person",
     "mien compare passport.jpg selfie.jpg\n"
     "mien compare --fmr 1e-5 --json a.jpg b.jpg",
     mn_cmd_compare, MN_ALL_SETTINGS},
    {"enroll", "FILE...", 1, MN_OPERANDS_ANY,
     B(NAME) | B(EXTERNAL_ID) | B(LIST) | B(CONSENT) | B(CONSENT_METHOD) | B(CONSENT_EVIDENCE) |
         B(CONSENT_UNTIL) | B(FOLDERS) | B(FACE) | B(AGGREGATE),
     "Enrol people who agreed to it",
     "Stores descriptors and aligned samples, sealed, of one person (--name, --external-id) or of a "
     "folder a person (--folders). A person needs a consent on record: give it with --consent and "
     "--consent-method, or have given it before. Pictures that were enrolled before are passed over, so "
     "an interrupted run is resumed by starting it again. With --aggregate all pictures of a person "
     "become one face, without a sample: one that cannot be used, or shows somebody else, is named, and "
     "the person is not enrolled.",
     "some pictures were refused: no face, several faces, or low quality",
     "mien enroll --name 'Anna Kern' --list staff --consent identification --consent-method 'signed "
     "form' anna.jpg\n"
     "mien enroll --folders --list staff --consent identification --consent-method 'signed form' "
     "--consent-evidence 'cabinet 4' people/\n"
     "mien enroll --aggregate --name 'Anna Kern' --list staff anna-1.jpg anna-2.jpg anna-3.jpg",
     mn_cmd_enroll, MN_ALL_SETTINGS},
    {"verify", "PERSON FILE...", 2, MN_OPERANDS_ANY, B(LIST) | B(FACE) | B(BOX) | B(SAMPLE),
     "Is this the enrolled person?",
     "Compares one face of each picture with all faces stored of PERSON (an id, an external id, or a "
     "name that only one person has). The person must have agreed to verification; with --list, to that "
     "list's purpose, and be in it. --fmr holds for all these comparisons together.",
     "the person is in none of the pictures",
     "mien verify 'Anna Kern' door.jpg\n"
     "mien verify --list staff --fmr 1e-5 --json 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7 door.jpg",
     mn_cmd_verify, MN_ALL_SETTINGS},
    {"identify", "FILE...", 1, MN_OPERANDS_ANY, B(DRAW) | B(LIST) | B(PURPOSE) | B(CANDIDATES) | B(WITH),
     "Which enrolled people are in the pictures?",
     "Looks for every face among the enrolled people whose consent covers the purpose (identification, "
     "unless --purpose says otherwise). --fmr is the chance that a stranger is taken for somebody, "
     "whatever the number of people enrolled. Nobody is an answer.",
     "nobody known in any of the pictures",
     "mien identify --list staff door.jpg\n"
     "mien identify --fmr 1e-3 --draw named.jpg party.jpg",
     mn_cmd_identify, MN_ALL_SETTINGS},
    {"people list", "", 0, 0, B(LIST) | B(LIKE) | B(LIMIT), "List the enrolled people", NULL, NULL,
     "mien people list\n"
     "mien people list --list staff --like kern --json",
     mn_cmd_people_list, MN_ALL_SETTINGS},
    {"people show", "PERSON...", 1, MN_OPERANDS_ANY, 0, "Show a person's records: consents, lists, faces",
     "PERSON is an id, an external id, or a name that only one person has.", NULL,
     "mien people show 'Anna Kern'", mn_cmd_people_show, MN_ALL_SETTINGS},
    {"people erase", "PERSON...", 1, MN_OPERANDS_ANY, B(YES) | B(NOW), "Erase a person for good",
     "Destroys the person's key: descriptors and samples, backups included, can never be read again. "
     "The person is found by no search from that moment; what is stored is destroyed when "
     "consent.grace_hours have passed, or at once with --now. Asks first; where there is nobody to ask, "
     "--yes is needed.",
     "somebody said no when asked",
     "mien people erase 'Anna Kern'\n"
     "mien people erase --yes 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7",
     mn_cmd_people_erase, MN_ALL_SETTINGS},
    {"people withdraw", "PERSON...", 1, MN_OPERANDS_ANY, B(CONSENT),
     "Record that a person withdrew a consent",
     "From that moment the person is found by no search of this purpose.", NULL,
     "mien people withdraw --consent identification 'Anna Kern'", mn_cmd_people_withdraw, MN_ALL_SETTINGS},
    {"people match", "", 0, 0, B(LIST) | B(AGAINST) | B(PURPOSE) | B(CANDIDATES) | B(CSV) | B(OUTPUT),
     "Who of one list is in another as well?",
     "Compares every face of --list with every person of --against, and prints the pairs as they are "
     "found. Both lists must be of the purpose (identification, unless --purpose says otherwise). --fmr "
     "is the chance that the search for one face gives a stranger, whatever the number of people. At "
     "most --candidates people of each, 10 unless said otherwise.",
     "no pair",
     "mien people match --list visitors --against staff\n"
     "mien people match --list 2025 --against 2026 --fmr 1e-5 --json > pairs.jsonl",
     mn_cmd_people_match, MN_ALL_SETTINGS},
    {"people duplicates", "", 0, 0, B(LIST) | B(PURPOSE) | B(CANDIDATES) | B(CSV) | B(OUTPUT),
     "Who is enrolled twice in a list?",
     "Compares all people of --list with each other and prints each pair that looks the same, as people "
     "match does.",
     "no pair",
     "mien people duplicates --list staff\n"
     "mien people duplicates --list staff --csv --output pairs.csv",
     mn_cmd_people_duplicates, MN_ALL_SETTINGS},
    {"lists list", "", 0, 0, B(PURPOSE) | B(LIKE) | B(LIMIT) | B(AFTER), "List the lists of people, by name",
     "With --json the document's \"next\" is the list to go on --after, null at the end.", NULL,
     "mien lists list\n"
     "mien lists list --purpose attendance --json\n"
     "mien lists list --limit 50 --after staff",
     mn_cmd_lists_list, MN_ALL_SETTINGS},
    {"lists show", "LIST...", 1, MN_OPERANDS_ANY, 0, "Show what a list is for, and its rules",
     "LIST is a name or an id.", NULL,
     "mien lists show staff\n"
     "mien lists show --json staff visitors",
     mn_cmd_lists_show, MN_ALL_SETTINGS},
    {"lists create", "NAME", 1, 1,
     B(PURPOSE) | B(RETENTION) | B(THRESHOLD) | B(COLOR) | B(COMMENT) | B(ACTIVE) | B(ACKNOWLEDGE) | B(SOUND),
     "Make a list of people",
     "What it is for (--purpose) is what its people must have agreed to, and stays as it is. Enrolling "
     "makes a list too, for the purpose of the consent.",
     NULL,
     "mien lists create --purpose identification staff\n"
     "mien lists create --purpose attendance --retention 1y --threshold 1e-5 --color '#2f6fde' course-7",
     mn_cmd_lists_create, MN_ALL_SETTINGS},
    {"lists change", "LIST", 1, 1,
     B(NAME) | B(RETENTION) | B(THRESHOLD) | B(COLOR) | B(COMMENT) | B(ACTIVE) | B(ACKNOWLEDGE) | B(SOUND),
     "Change a list's name or rules",
     "What is not named stays as it is; so does the purpose, as the people agreed to it. A new "
     "--retention holds for who is in it, too, from the day they joined; who was in it does not come back.",
     NULL,
     "mien lists change --name employees staff\n"
     "mien lists change --threshold none --active no visitors",
     mn_cmd_lists_change, MN_ALL_SETTINGS},
    {"lists delete", "LIST...", 1, MN_OPERANDS_ANY, B(YES), "Delete a list",
     "Its people stay enrolled, and are found by no search through it any more. Asks first; where there "
     "is nobody to ask, --yes is needed.",
     "somebody said no when asked",
     "mien lists delete visitors\n"
     "mien lists delete --yes 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7",
     mn_cmd_lists_delete, MN_ALL_SETTINGS},
    {"lists add", "LIST PERSON...", 2, MN_OPERANDS_ANY, 0, "Put enrolled people into a list",
     "They must have agreed to what the list is for. Who is in it already begins anew, where the list has a "
     "retention. PERSON is an id, an external id, or a name that only one person has.",
     NULL, "mien lists add staff 'Anna Kern' 'Jan Okafor'", mn_cmd_lists_add, MN_ALL_SETTINGS},
    {"lists remove", "LIST PERSON...", 2, MN_OPERANDS_ANY, 0, "Take people out of a list",
     "They stay enrolled. Who is in it: mien people list --list LIST.", NULL,
     "mien lists remove visitors 'Anna Kern'", mn_cmd_lists_remove, MN_ALL_SETTINGS},
    {"export", "", 0, 0, B(LIST) | B(REASON) | B(OUTPUT) | B(VECTORS) | B(SAMPLES),
     "Take people and descriptors out, as JSON Lines",
     "A line a person: consents, lists, faces. Descriptors stand in the lines as base64, or, with "
     "--output, in a NumPy file beside it (--vectors npy, the default then). The files are not sealed: "
     "whoever has them has the descriptors. Each person is on record with the reason.",
     NULL,
     "mien export --reason 'move to the new machine' --output people.jsonl --samples samples\n"
     "mien export --list staff --reason 'request of A. Kern' --vectors none",
     mn_cmd_export, MN_ALL_SETTINGS},
    {"import", "FILE", 1, 1,
     B(LIST) | B(CONSENT) | B(CONSENT_METHOD) | B(CONSENT_EVIDENCE) | B(CONSENT_UNTIL) | B(NPY) | B(MODEL) |
         B(REPORT) | B(DRY_RUN),
     "Take people and descriptors in, from JSON Lines",
     "Reads what mien export writes. Every person needs a consent for the purpose of each list: in the "
     "record, or for all of them by --consent, --consent-method and --consent-evidence. Descriptors "
     "must be of the model of the people here. What is there already is passed over, so an interrupted "
     "run is resumed by starting it again.",
     "some records were refused, the others are in",
     "mien import people.jsonl\n"
     "mien import --dry-run --list staff --consent identification --consent-method 'signed form' "
     "--consent-evidence 'cabinet 4' --model mobilefacenet-128 --npy vectors.npy people.jsonl",
     mn_cmd_import, MN_ALL_SETTINGS},
    {"audit verify", "", 0, 0, 0, "Is the audit log as it was written?",
     "Follows the chain of hashes from the first record to the last. Note the head that it prints "
     "somewhere else: whoever can write the whole store can make a new chain, but not one with that "
     "head in it.",
     "a record was changed, removed or put in between",
     "mien audit verify\n"
     "mien audit verify --json",
     mn_cmd_audit_verify, MN_ALL_SETTINGS},
    {"audit export", "", 0, 0, B(FROM) | B(TO), "Print the audit log, one JSON object a line",
     "Who did what, when, to whom, with the hashes of the chain. The export is itself on record, and is "
     "the last record of a whole one.",
     NULL,
     "mien audit export > audit.jsonl\n"
     "mien audit export --from 2026-01-01 --to 2026-02-01\n"
     "mien audit export --from 30d",
     mn_cmd_audit_export, MN_ALL_SETTINGS},
    {"keys show", "", 0, 0, 0, "Show which master key wraps the people's keys",
     "Prints its id, which betrays nothing of it, where it comes from, and how many keys it wraps.", NULL,
     "mien keys show\n"
     "mien keys show --json",
     mn_cmd_keys_show, MN_GIVEN_SETTINGS},
    {"keys rotate", "", 0, 0, 0, "Exchange the master key",
     "Wraps every person's key by a new master key; samples and descriptors are not touched, and the "
     "programs that use the store go on working. A key file is made anew here; a key from the "
     "environment or a credential is given beside the old one, as MIEN_MASTER_KEY_NEW or "
     "mien-master-key-new. An interrupted exchange is resumed by starting it again. Backups made before "
     "open with the old key only.",
     NULL,
     "mien keys rotate\n"
     "mien keys rotate --set key.source=environment",
     mn_cmd_keys_rotate, MN_GIVEN_SETTINGS},
    {"serve", "", 0, 0, B(CHECK), "Serve the HTTP API",
     "Serves until it is told to stop (SIGINT, SIGTERM), which lets running requests end. SIGHUP reads "
     "certificates and settings again; those that are not live wait for the next start. The first start "
     "makes the user \"admin\" and shows a one-time password for it, once. Where it listens, its limits "
     "and TLS are settings (server.*); the API describes itself under /docs. HTTP without TLS is served "
     "to this host only, unless server.allow_plain says otherwise. With --check nothing is served.",
     "with --check, it would not start, or not work",
     "mien serve\n"
     "mien serve --check\n"
     "mien serve --config /etc/mien.conf --data /var/lib/mien --set log.level=info\n"
     "mien serve --set server.listen_tls='*:8443' --set server.cert=chain.pem --set server.key=key.pem\n"
     "mien serve --set server.listen=unix:/run/mien/http.sock --set server.trusted_proxies=unix",
     mn_cmd_serve, MN_GIVEN_SETTINGS},
    {"gallery stats", "", 0, 0, 0, "Show the gallery's size, and its snapshot",
     "Opens the gallery as a search does: from its snapshot, and what has changed since. With --json "
     "also how far the snapshot is behind, in changes of the store.",
     NULL,
     "mien gallery stats\n"
     "mien gallery stats --json",
     mn_cmd_gallery_stats, MN_ALL_SETTINGS},
    {"gallery rebuild", "", 0, 0, 0, "Make the gallery anew from the records, and its snapshot",
     "Throws the snapshot away and reads everybody from the store. Interrupted, it leaves the old "
     "snapshot as it was. A server that is running goes on with its own gallery.",
     NULL, "mien gallery rebuild", mn_cmd_gallery_rebuild, MN_ALL_SETTINGS},
    {"store check", "", 0, 0, 0, "Check the records: structures, audit log, keys, descriptors, blobs",
     "Opens everybody's key and every descriptor, and looks for the blob of each sample, picture and file. "
     "Names the people concerned. Blobs that no record names are told, too, and are no damage.",
     "something is damaged", "mien store check", mn_cmd_store_check, MN_GIVEN_SETTINGS},
    {"store expire", "", 0, 0, 0, "Destroy what is due to be erased",
     "Takes note of consents that have run out, destroys what is stored of people whose grace "
     "period has passed, and removes memberships that ended with their list's retention. Opening the store "
     "does so too; this is for a timer, where nothing else runs.",
     NULL, "mien store expire", mn_cmd_store_expire, MN_ALL_SETTINGS},
    {"store stats", "", 0, 0, 0, "Count people, faces, consents and other records", NULL, NULL,
     "mien store stats --json", mn_cmd_store_stats, MN_ALL_SETTINGS},
    {"store reextract", "", 0, 0, B(ACCEPT_MISSING) | B(REMOVE_OLD) | B(ABANDON) | B(REPORT),
     "Change the descriptor model: describe all stored samples anew",
     "Makes descriptors of the pack named with --pack beside those that are there; searches go on with "
     "the old ones. When every face has a new one, the new pack takes over in one step. Interrupted or "
     "killed, it goes on where it was when it is started again. Faces without a usable sample are "
     "listed and hold it up: enrol them anew, or say --accept-missing. --remove-old, then or later, "
     "removes the old descriptors.",
     "faces are missing, the old model stays",
     "mien store reextract --pack standard\n"
     "mien store reextract --pack standard --accept-missing --report missing.jsonl\n"
     "mien store reextract --pack standard --remove-old",
     mn_cmd_store_reextract, MN_ALL_SETTINGS},
    {"store migrate", "", 0, 0, B(DRY_RUN), "Show the store's version, and bring it to this program's",
     "Opening a store does the same, unless the setting store.migrate is off. It goes forward only: "
     "make a backup before. With --dry-run nothing is changed.",
     NULL,
     "mien store migrate --dry-run\n"
     "mien store migrate",
     mn_cmd_store_migrate, MN_GIVEN_SETTINGS},
    {"store copy", "TO", 1, 1, 0, "Copy all records to another back end",
     "TO is a postgresql:// address, or a folder for SQLite; it must be empty. Keys, seals and the "
     "audit log's chain arrive as they are, and are compared at the end; samples and master key stay "
     "where they are. Stop what writes to the source. An interrupted copy is resumed by starting it "
     "again; one that is whole says so.",
     NULL,
     "mien store copy postgresql://mien@db.example.com/mien\n"
     "mien store copy --set store.url=postgresql://mien@db.example.com/mien /var/lib/mien-sqlite",
     mn_cmd_store_copy, MN_GIVEN_SETTINGS},
    {"backup", "FOLDER", 1, 1, B(VERIFY), "Back up records and samples",
     "FOLDER holds many backups, and each sample once. Everything else goes on meanwhile, and what is "
     "interrupted leaves no backup. The master key is in none: keep it elsewhere. The people's keys "
     "stand in one file for all backups, out of which erasing takes them; so keep FOLDER in reach.",
     NULL,
     "mien backup /backup/mien\n"
     "mien backup --verify /backup/mien",
     mn_cmd_backup, MN_GIVEN_SETTINGS},
    {"backup list", "FOLDER", 1, 1, 0, "List the backups of a folder, oldest first", NULL, NULL,
     "mien backup list /backup/mien", mn_cmd_backup_list, MN_GIVEN_SETTINGS},
    {"backup verify", "FOLDER [NAME]", 1, 2, 0, "Read a backup and compare every checksum",
     "Without NAME the newest one.", "something is not as it was written", "mien backup verify /backup/mien",
     mn_cmd_backup_verify, MN_GIVEN_SETTINGS},
    {"backup prune", "FOLDER", 1, 1, B(KEEP), "Remove all but the newest backups of a folder",
     "Samples that none of the remaining backups needs go too. Damaged backups do not count as kept.", NULL,
     "mien backup prune --keep 14 /backup/mien", mn_cmd_backup_prune, MN_GIVEN_SETTINGS},
    {"restore", "FOLDER [NAME]", 1, 2, B(LEDGER), "Restore a backup into an empty place",
     "Without NAME the newest one. It is verified first, and put into the data directory or the "
     "database of store.url, whichever back end it was made from; nothing is overwritten. Who was "
     "erased since is not restored. An interrupted restore is resumed by starting it again; one that is "
     "whole says so.",
     NULL,
     "mien restore --data /var/lib/mien /backup/mien\n"
     "mien restore --set store.url=postgresql://mien@db.example.com/mien /backup/mien\n"
     "mien restore --ledger audit.jsonl --data /tmp/drill /backup/mien 20260131T120000123Z-a3f2",
     mn_cmd_restore, MN_GIVEN_SETTINGS},
    {"models list", "", 0, 0, 0, "List the models of the packs, and which are there", NULL, NULL,
     "mien models list", mn_cmd_models_list, MN_GIVEN_SETTINGS},
    {"models pull", "", 0, 0, 0, "Get the models of a pack, checked by sha256",
     "Takes each model from the model directory, the mirror (model.mirror) or its upstream address, "
     "whichever has it first. An interrupted transfer is resumed. Without --pack: standard.",
     NULL,
     "mien models pull\n"
     "mien models pull --set model.mirror=/srv/models",
     mn_cmd_models_pull, MN_GIVEN_SETTINGS},
    {"models check", "", 0, 0, 0, "Check the models on the disk against their sums", NULL,
     "a model that the pack needs is missing or is not what it should be", "mien models check",
     mn_cmd_models_check, MN_GIVEN_SETTINGS},
    {"eval verify", "FOLDER PAIRS", 2, 2, B(SVG) | B(FACE), "Measure 1:1 accuracy on a list of pairs",
     "FOLDER holds a folder per person, PAIRS names the pairs, both laid out as in Labeled Faces in the "
     "Wild. Prints the ten-fold accuracy, the equal error rate and the true-accept rates at "
     "false-accept rates. A picture without a face counts as the worst score; it is never left out.",
     NULL, "mien eval verify lfw/images lfw/pairs.txt --svg curves/", mn_cmd_eval_verify, MN_ALL_SETTINGS},
    {"eval identify", "FOLDER", 1, 1, B(SVG) | B(FACE) | B(PART) | B(RAW),
     "Measure open-set 1:N accuracy on a folder per person",
     "Of people with several pictures the first by name is enrolled and the others are probes with a "
     "mate; people with one picture are probes without. Nothing is stored.",
     NULL,
     "mien eval identify lfw/images --svg curves/\n"
     "mien eval identify --part 2/2 people/",
     mn_cmd_eval_identify, MN_ALL_SETTINGS},
    {"eval calibrate", "FOLDER", 1, 1, B(FACE) | B(PART) | B(OUTPUT) | B(NORMALISE),
     "Make a descriptor model's score calibration",
     "Compares all pictures of different people and prints which score has which false-match rate, down "
     "to the smallest rate that was measured. models/convert/set-calibration.mjs writes it into the "
     "manifest. With --normalise the model's scores in searches are normalised from then on.",
     NULL, "mien eval calibrate --part 1/2 --output calibration.json people/", mn_cmd_eval_calibrate,
     MN_ALL_SETTINGS},
    {"bench pipeline", "FILE...", 1, MN_OPERANDS_ANY, B(SECONDS) | B(WITH),
     "Measure throughput, and where the time goes",
     "Reads the pictures into memory, then decodes and describes them again and again with 1, 2, 4 … "
     "workers up to --threads. --with adds what else is worked out: a search over HTTP also takes pose and "
     "quality.",
     NULL,
     "mien bench pipeline lfw/images/Bob_Graham\n"
     "mien bench pipeline --threads 2 --seconds 10 --json photos/\n"
     "mien bench pipeline --with pose,quality photos/",
     mn_cmd_bench_pipeline, MN_ALL_SETTINGS},
    {"user add", "LOGIN", 1, 1, B(NAME) | B(ROLE) | B(ACCOUNT) | B(PASSWORD), "Let somebody sign in",
     "Without --password a one-time password is made and shown, which must be changed at the first "
     "login. Passwords are never given on the command line, where others can see them.",
     NULL,
     "mien user add --role administrator admin\n"
     "mien user add --name 'Jan Okafor' --role operator,auditor jan",
     mn_cmd_user_add, MN_ALL_SETTINGS},
    {"user list", "", 0, 0, B(ACCOUNT), "List who may sign in", NULL, NULL, "mien user list --json",
     mn_cmd_user_list, MN_ALL_SETTINGS},
    {"user passwd", "LOGIN", 1, 1, B(ACCOUNT) | B(PASSWORD), "Give a user a new password",
     "A one-time password, or with --password one that is asked for. Ends the user's sessions, and lets "
     "in who was locked out.",
     NULL,
     "mien user passwd jan\n"
     "mien user passwd --password jan < password.txt",
     mn_cmd_user_passwd, MN_ALL_SETTINGS},
    {"user disable", "LOGIN", 1, 1, B(ACCOUNT), "Keep a user out",
     "Ends the user's sessions; tokens stop too.", NULL, "mien user disable jan", mn_cmd_user_disable,
     MN_ALL_SETTINGS},
    {"user enable", "LOGIN", 1, 1, B(ACCOUNT), "Let a disabled user in again", NULL, NULL,
     "mien user enable jan", mn_cmd_user_enable, MN_ALL_SETTINGS},
    {"user remove", "LOGIN", 1, 1, B(ACCOUNT), "Remove a user, with sessions and tokens",
     "What the user did stays in the audit log. The last administrator of an account stays.", NULL,
     "mien user remove jan", mn_cmd_user_remove, MN_ALL_SETTINGS},
    {"account add", "NAME", 1, 1, B(ADMIN) | B(MAX_PEOPLE) | B(MAX_FACES), "Make an account for a tenant",
     "Everything of an account is apart from all others. Its users sign in as NAME/LOGIN.", NULL,
     "mien account add --admin boss --max-people 5000 acme", mn_cmd_account_add, MN_ALL_SETTINGS},
    {"account list", "", 0, 0, 0, "List the accounts", NULL, NULL, "mien account list", mn_cmd_account_list,
     MN_ALL_SETTINGS},
    {"account suspend", "ACCOUNT", 1, 1, 0, "Let nobody of an account sign in",
     "Sessions and tokens stop too; nothing is erased.", NULL, "mien account suspend acme",
     mn_cmd_account_suspend, MN_ALL_SETTINGS},
    {"account resume", "ACCOUNT", 1, 1, 0, "Let the users of a suspended account sign in again", NULL, NULL,
     "mien account resume acme", mn_cmd_account_resume, MN_ALL_SETTINGS},
    {"roles", "[show|markdown]", 0, 1, 0, "Show the predefined roles and their rights", NULL, NULL,
     "mien roles\n"
     "mien roles --json",
     mn_cmd_roles, MN_GIVEN_SETTINGS},
    {"settings", "[show|sample|markdown]", 0, 1, 0, "Show the settings, or write a sample file of them",
     "show (the default) prints each value and where it comes from: command line, environment (MIEN_ "
     "and the name in capitals, dots as underscores), file, the store (\"stored\"), default; the first "
     "that has one wins.",
     NULL,
     "mien settings\n"
     "mien settings sample > /etc/mien.conf",
     mn_cmd_settings, MN_GIVEN_SETTINGS},
    {"settings change", "NAME=VALUE...", 1, MN_OPERANDS_ANY, 0, "Change settings that are kept in the store",
     "For every mien on these records: servers that are running have them in force within a second or "
     "two, commands from the next one on. NAME= takes one away again. All or none; only those that may "
     "change while mien runs, and none that the command line, the environment or the file gives, which "
     "would win. The change is in the audit log.",
     NULL,
     "mien settings change match.fmr=1e-5 face.min_quality=0.4\n"
     "mien settings change match.fmr=",
     mn_cmd_settings_change, MN_GIVEN_SETTINGS},
    {"version", "", 0, 0, 0, "Show the versions of the program and of what it uses", NULL, NULL,
     "mien version --json", mn_cmd_version, MN_GIVEN_SETTINGS},
    {"completion", "bash|zsh|fish", 1, 1, 0, "Print a completion script for the shell", NULL, NULL,
     "mien completion bash > ~/.local/share/bash-completion/completions/mien", mn_cmd_completion,
     MN_GIVEN_SETTINGS},
    {"help", "[COMMAND]", 0, 2, B(MAN), "Show what there is, or what a command does", NULL, NULL,
     "mien help\n"
     "mien help people erase",
     mn_cmd_help, MN_GIVEN_SETTINGS},
};

size_t mn_command_count(void)
{
    return sizeof commands / sizeof *commands;
}

const mn_command *mn_command_at(size_t i)
{
    return &commands[i];
}
