/* All commands, in the order in which help shows them. */
#include "cli/cli.h"

#define B(id) MN_O_BIT(id)

static const mn_command commands[] = {
    {"detect", "FILE...", 1, MN_OPERANDS_ANY, B(DRAW) | B(WITH) | B(BOX), "Find faces in pictures",
     "Prints for each face its box, the detector's score, five points, the head's pose and the quality; more "
     "with "
     "--with. A FILE may be a folder (searched through for pictures, told by their content) or - for "
     "standard input. "
     "Exit status 1: no face in any of the pictures.",
     "mien detect photo.jpg\n"
     "mien detect --draw found.jpg photo.jpg\n"
     "mien detect --json --with all holiday/ > faces.jsonl",
     mn_cmd_detect},
    {"describe", "FILE...", 1, MN_OPERANDS_ANY,
     B(WITH) | B(OUTPUT) | B(FACE) | B(BOX) | B(SAMPLE) | B(AGGREGATE), "Turn faces into descriptors",
     "A descriptor is what two faces are compared by. It is biometric data: it goes nowhere but where you "
     "send it. "
     "Without --json only its length and first numbers are shown. With --aggregate one face of each picture "
     "(the only "
     "one, unless --face says otherwise) goes into one descriptor; pictures of several people are refused, "
     "and the one "
     "that does not fit is named.",
     "mien describe --json face.jpg\n"
     "mien describe --json --flip --output descriptors.jsonl faces/",
     mn_cmd_describe},
    {"quality", "FILE...", 1, MN_OPERANDS_ANY, B(PROFILE) | B(FACE) | B(BOX),
     "Is a picture fit for a document, or for enrolment?",
     "Makes up to 44 checks of one face and its picture, each with its value, what is asked for, and a "
     "verdict. "
     "What the models cannot see is told as not made, with the reason. Exit status 0: a picture in which no "
     "check "
     "failed, 1: none.",
     "mien quality passport.jpg\n"
     "mien quality --profile recognition --json people/",
     mn_cmd_quality},
    {"liveness", "FILE...", 1, MN_OPERANDS_ANY, B(BOX), "A live person, or a picture of one?",
     "Says live, spoof or unknown of each face, by liveness.threshold; unknown with the reasons: too small, "
     "too near "
     "the edge, turned away, or of a quality under liveness.min_quality. A hint, not a proof. Exit status 0: "
     "a live "
     "face in one of the pictures, 1: in none.",
     "mien liveness selfie.jpg\n"
     "mien liveness --set liveness.threshold=0.9 --json selfie.jpg",
     mn_cmd_liveness},
    {"compare", "A B", 2, 2, B(DRAW) | B(FACE) | B(SAMPLE), "Do two pictures show the same person?",
     "Compares one face of each picture: the largest, unless --face says otherwise. The answer is yes when "
     "the "
     "false-match rate at their similarity is at most --fmr. Exit status 0: the same person, 1: not.",
     "mien compare passport.jpg selfie.jpg\n"
     "mien compare --fmr 1e-5 --json a.jpg b.jpg",
     mn_cmd_compare},
    {"enroll", "FILE...", 1, MN_OPERANDS_ANY,
     B(NAME) | B(EXTERNAL_ID) | B(LIST) | B(CONSENT) | B(CONSENT_METHOD) | B(CONSENT_EVIDENCE) |
         B(CONSENT_UNTIL) | B(FOLDERS) | B(FACE),
     "Enrol people who agreed to it",
     "Stores descriptors and aligned samples, sealed, of one person (--name, --external-id) or of a folder a "
     "person "
     "(--folders). A person needs a consent on record: give it with --consent and --consent-method, or have "
     "given it "
     "before. Pictures that were enrolled before are passed over, so an interrupted run is resumed by "
     "starting it "
     "again. Exit status 1: some pictures were refused (no face, several faces, low quality), 3: something "
     "failed.",
     "mien enroll --name 'Anna Kern' --list staff --consent identification --consent-method 'signed form' "
     "anna.jpg\n"
     "mien enroll --folders --list staff --consent identification --consent-method 'signed form' "
     "--consent-evidence "
     "'cabinet 4' people/",
     mn_cmd_enroll},
    {"verify", "PERSON FILE...", 2, MN_OPERANDS_ANY, B(LIST) | B(FACE) | B(BOX) | B(SAMPLE),
     "Is this the enrolled person?",
     "Compares one face of each picture with all faces stored of PERSON (an id, an external id, or a name "
     "that "
     "only one person has). The person must have agreed to verification; with --list, to that list's "
     "purpose, "
     "and be in it. --fmr holds for all these comparisons together. Exit status 0: it is in one of the "
     "pictures, "
     "1: in none.",
     "mien verify 'Anna Kern' door.jpg\n"
     "mien verify --list staff --fmr 1e-5 --json 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7 door.jpg",
     mn_cmd_verify},
    {"identify", "FILE...", 1, MN_OPERANDS_ANY, B(DRAW) | B(LIST) | B(PURPOSE) | B(CANDIDATES) | B(WITH),
     "Which enrolled people are in the pictures?",
     "Looks for every face among the enrolled people whose consent covers the purpose (identification, "
     "unless "
     "--purpose says otherwise). --fmr is the chance that a stranger is taken for somebody, whatever the "
     "number of "
     "people enrolled. Nobody is an answer. Exit status 1: nobody known in any of the pictures.",
     "mien identify --list staff door.jpg\n"
     "mien identify --fmr 1e-3 --draw named.jpg party.jpg",
     mn_cmd_identify},
    {"people list", "", 0, 0, B(LIST) | B(LIKE) | B(LIMIT), "List the enrolled people", NULL,
     "mien people list\nmien people list --list staff --like kern --json", mn_cmd_people_list},
    {"people show", "PERSON...", 1, MN_OPERANDS_ANY, 0, "Show a person's records: consents, lists, faces",
     "PERSON is an id, an external id, or a name that only one person has.", "mien people show 'Anna Kern'",
     mn_cmd_people_show},
    {"people erase", "PERSON...", 1, MN_OPERANDS_ANY, B(YES) | B(NOW), "Erase a person for good",
     "Destroys the person's key: descriptors and samples, backups included, can never be read again. The "
     "person is found by no search from that moment; what is stored is destroyed when consent.grace_hours "
     "have "
     "passed, or at once with --now. Asks first; where there is nobody to ask, --yes is needed.",
     "mien people erase 'Anna Kern'\nmien people erase --yes 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7",
     mn_cmd_people_erase},
    {"people withdraw", "PERSON...", 1, MN_OPERANDS_ANY, B(CONSENT),
     "Record that a person withdrew a consent",
     "From that moment the person is found by no search of this purpose.",
     "mien people withdraw --consent identification 'Anna Kern'", mn_cmd_people_withdraw},
    {"people match", "", 0, 0, B(LIST) | B(AGAINST) | B(PURPOSE) | B(CANDIDATES) | B(CSV) | B(OUTPUT),
     "Who of one list is in another as well?",
     "Compares every face of --list with every person of --against, and prints the pairs as they are found. "
     "Both lists must be of the purpose (identification, unless --purpose says otherwise). --fmr is the "
     "chance "
     "that the search for one face gives a stranger, whatever the number of people. At most --candidates "
     "people of each, 10 unless said otherwise. Exit status 1: no pair.",
     "mien people match --list visitors --against staff\n"
     "mien people match --list 2025 --against 2026 --fmr 1e-5 --json > pairs.jsonl",
     mn_cmd_people_match},
    {"people duplicates", "", 0, 0, B(LIST) | B(PURPOSE) | B(CANDIDATES) | B(CSV) | B(OUTPUT),
     "Who is enrolled twice in a list?",
     "Compares all people of --list with each other and prints each pair that looks the same, as people "
     "match "
     "does. Exit status 1: no pair.",
     "mien people duplicates --list staff\nmien people duplicates --list staff --csv --output pairs.csv",
     mn_cmd_people_duplicates},
    {"export", "", 0, 0, B(LIST) | B(REASON) | B(OUTPUT) | B(VECTORS) | B(SAMPLES),
     "Take people and descriptors out, as JSON Lines",
     "A line a person: consents, lists, faces. Descriptors stand in the lines as base64, or, with --output, "
     "in "
     "a NumPy file beside it (--vectors npy, the default then). The files are not sealed: whoever has them "
     "has "
     "the descriptors. Each person is on record with the reason.",
     "mien export --reason 'move to the new machine' --output people.jsonl --samples samples\n"
     "mien export --list staff --reason 'request of A. Kern' --vectors none",
     mn_cmd_export},
    {"import", "FILE", 1, 1,
     B(LIST) | B(CONSENT) | B(CONSENT_METHOD) | B(CONSENT_EVIDENCE) | B(CONSENT_UNTIL) | B(NPY) | B(MODEL) |
         B(REPORT) | B(DRY_RUN),
     "Take people and descriptors in, from JSON Lines",
     "Reads what mien export writes. Every person needs a consent for the purpose of each list: in the "
     "record, or "
     "for all of them by --consent, --consent-method and --consent-evidence. Descriptors must be of the "
     "model "
     "of the people here. What is there already is passed over, so an interrupted run is resumed by starting "
     "it "
     "again. Exit status 1: some records were refused, the others are in.",
     "mien import people.jsonl\n"
     "mien import --dry-run --list staff --consent identification --consent-method 'signed form' "
     "--consent-evidence 'cabinet 4' --model mobilefacenet-128 --npy vectors.npy people.jsonl",
     mn_cmd_import},
    {"audit verify", "", 0, 0, 0, "Is the audit log as it was written?",
     "Follows the chain of hashes from the first record to the last. Note the head that it prints somewhere "
     "else: "
     "whoever can write the whole store can make a new chain, but not one with that head in it. Exit status "
     "1: a "
     "record was changed, removed or put in between.",
     "mien audit verify\nmien audit verify --json", mn_cmd_audit_verify},
    {"audit export", "", 0, 0, B(FROM) | B(TO), "Print the audit log, one JSON object a line",
     "Who did what, when, to whom, with the hashes of the chain. The export is itself on record, and is the "
     "last "
     "record of a whole one.",
     "mien audit export > audit.jsonl\nmien audit export --from 2026-01-01 --to 2026-02-01\n"
     "mien audit export --from 30d",
     mn_cmd_audit_export},
    {"keys show", "", 0, 0, 0, "Show which master key wraps the people's keys",
     "Prints its id, which betrays nothing of it, where it comes from, and how many keys it wraps.",
     "mien keys show\nmien keys show --json", mn_cmd_keys_show},
    {"keys rotate", "", 0, 0, 0, "Exchange the master key",
     "Wraps every person's key by a new master key; samples and descriptors are not touched, and the "
     "programs that "
     "use the store go on working. A key file is made anew here; a key from the environment or a credential "
     "is "
     "given beside the old one, as MIEN_MASTER_KEY_NEW or mien-master-key-new. An interrupted exchange is "
     "resumed "
     "by starting it again. Backups made before open with the old key only.",
     "mien keys rotate\nmien keys rotate --set key.source=environment", mn_cmd_keys_rotate},
    {"serve", "", 0, 0, B(CHECK), "Serve the HTTP API",
     "Serves until it is told to stop (SIGINT, SIGTERM), which lets running requests end. SIGHUP reads "
     "certificates and settings again; those that are not live wait for the next start. The first start "
     "makes "
     "the user \"admin\" and shows a one-time password for it, once. Where it listens, its limits and TLS "
     "are "
     "settings (server.*); the API describes itself under /docs. HTTP without TLS is served to this host "
     "only, "
     "unless server.allow_plain says otherwise. With --check nothing is served: exit status 1 means that it "
     "would not start, or not work.",
     "mien serve\n"
     "mien serve --check\n"
     "mien serve --config /etc/mien.conf --data /var/lib/mien --set log.level=info\n"
     "mien serve --set server.listen_tls='*:8443' --set server.cert=chain.pem --set server.key=key.pem\n"
     "mien serve --set server.listen=unix:/run/mien/http.sock --set server.trusted_proxies=unix",
     mn_cmd_serve},
    {"gallery stats", "", 0, 0, 0, "Show the gallery's size, and its snapshot",
     "Opens the gallery as a search does: from its snapshot, and what has changed since. With --json also "
     "how far the snapshot is behind, in changes of the store.",
     "mien gallery stats\nmien gallery stats --json", mn_cmd_gallery_stats},
    {"gallery rebuild", "", 0, 0, 0, "Make the gallery anew from the records, and its snapshot",
     "Throws the snapshot away and reads everybody from the store. Interrupted, it leaves the old snapshot "
     "as it was. A server that is running goes on with its own gallery.",
     "mien gallery rebuild", mn_cmd_gallery_rebuild},
    {"store check", "", 0, 0, 0, "Check the records: structures, audit log, keys, descriptors, blobs",
     "Opens everybody's key and every descriptor, and looks for the blob of each sample, picture and file. "
     "Names "
     "the people concerned. Blobs that no record names are told, too, and are no damage. Exit status 1: "
     "something is damaged.",
     "mien store check", mn_cmd_store_check},
    {"store expire", "", 0, 0, 0, "Destroy what is due to be erased",
     "Takes note of consents that have run out, and destroys what is stored of people whose grace period has "
     "passed. Opening the store does so too; this is for a timer, where nothing else runs.",
     "mien store expire", mn_cmd_store_expire},
    {"store stats", "", 0, 0, 0, "Count people, faces, consents and other records", NULL,
     "mien store stats --json", mn_cmd_store_stats},
    {"store reextract", "", 0, 0, B(ACCEPT_MISSING) | B(REMOVE_OLD) | B(ABANDON) | B(REPORT),
     "Change the descriptor model: describe all stored samples anew",
     "Makes descriptors of the pack named with --pack beside those that are there; searches go on with the "
     "old ones. "
     "When every face has a new one, the new pack takes over in one step. Interrupted or killed, it goes on "
     "where "
     "it was when it is started again. Faces without a usable sample are listed and hold it up: enrol them "
     "anew, or "
     "say --accept-missing. --remove-old, then or later, removes the old descriptors. Exit status 1: faces "
     "are "
     "missing, the old model stays.",
     "mien store reextract --pack standard\n"
     "mien store reextract --pack standard --accept-missing --report missing.jsonl\n"
     "mien store reextract --pack standard --remove-old",
     mn_cmd_store_reextract},
    {"store migrate", "", 0, 0, B(DRY_RUN), "Show the store's version, and bring it to this program's",
     "Opening a store does the same, unless the setting store.migrate is off. It goes forward only: make a "
     "backup before. With --dry-run nothing is changed.",
     "mien store migrate --dry-run\nmien store migrate", mn_cmd_store_migrate},
    {"store copy", "TO", 1, 1, 0, "Copy all records to another back end",
     "TO is a postgresql:// address, or a folder for SQLite; it must be empty. Keys, seals and the audit "
     "log's "
     "chain arrive as they are, and are compared at the end; samples and master key stay where they are. "
     "Stop what writes to the source. An interrupted copy is resumed by starting it again.",
     "mien store copy postgresql://mien@db.example.com/mien\n"
     "mien store copy --set store.url=postgresql://mien@db.example.com/mien /var/lib/mien-sqlite",
     mn_cmd_store_copy},
    {"backup", "FOLDER", 1, 1, B(VERIFY), "Back up records and samples",
     "FOLDER holds many backups, and each sample once. Everything else goes on meanwhile, and what is "
     "interrupted "
     "leaves no backup. The master key is in none: keep it elsewhere. The people's keys stand in one file "
     "for all backups, out of which erasing takes them; so keep FOLDER in reach.",
     "mien backup /backup/mien\nmien backup --verify /backup/mien", mn_cmd_backup},
    {"backup list", "FOLDER", 1, 1, 0, "List the backups of a folder, oldest first", NULL,
     "mien backup list /backup/mien", mn_cmd_backup_list},
    {"backup verify", "FOLDER [NAME]", 1, 2, 0, "Read a backup and compare every checksum",
     "Without NAME the newest one. Exit status 1: something is not as it was written.",
     "mien backup verify /backup/mien", mn_cmd_backup_verify},
    {"backup prune", "FOLDER", 1, 1, B(KEEP), "Remove all but the newest backups of a folder",
     "Samples that none of the remaining backups needs go too. Damaged backups do not count as kept.",
     "mien backup prune --keep 14 /backup/mien", mn_cmd_backup_prune},
    {"restore", "FOLDER [NAME]", 1, 2, B(LEDGER), "Restore a backup into an empty place",
     "Without NAME the newest one. It is verified first, and put into the data directory or the database of "
     "store.url, whichever back end it was made from; nothing is overwritten. Who was erased since is not "
     "restored. An interrupted restore is resumed by starting it again.",
     "mien restore --data /var/lib/mien /backup/mien\n"
     "mien restore --set store.url=postgresql://mien@db.example.com/mien /backup/mien\n"
     "mien restore --ledger audit.jsonl --data /tmp/drill /backup/mien 20260131T120000123Z-a3f2",
     mn_cmd_restore},
    {"models list", "", 0, 0, 0, "List the models of the packs, and which are there", NULL,
     "mien models list", mn_cmd_models_list},
    {"models pull", "", 0, 0, 0, "Get the models of a pack, checked by sha256",
     "Takes each model from the model directory, the mirror (model.mirror) or its upstream address, "
     "whichever has it "
     "first. An interrupted transfer is resumed. Without --pack: standard.",
     "mien models pull\nmien models pull --set model.mirror=/srv/models", mn_cmd_models_pull},
    {"models check", "", 0, 0, 0, "Check the models on the disk against their sums",
     "Exit status 1: a model that the pack needs is missing or is not what it should be.",
     "mien models check", mn_cmd_models_check},
    {"eval verify", "FOLDER PAIRS", 2, 2, B(SVG) | B(FACE), "Measure 1:1 accuracy on a list of pairs",
     "FOLDER holds a folder per person, PAIRS names the pairs, both laid out as in Labeled Faces in the "
     "Wild. Prints "
     "the ten-fold accuracy, the equal error rate and the true-accept rates at false-accept rates. A picture "
     "without "
     "a face counts as the worst score; it is never left out.",
     "mien eval verify lfw/images lfw/pairs.txt --svg curves/", mn_cmd_eval_verify},
    {"eval identify", "FOLDER", 1, 1, B(SVG) | B(FACE) | B(PART) | B(RAW),
     "Measure open-set 1:N accuracy on a folder per person",
     "Of people with several pictures the first by name is enrolled and the others are probes with a mate; "
     "people "
     "with one picture are probes without. Nothing is stored.",
     "mien eval identify lfw/images --svg curves/\nmien eval identify --part 2/2 people/",
     mn_cmd_eval_identify},
    {"eval calibrate", "FOLDER", 1, 1, B(FACE) | B(PART) | B(OUTPUT) | B(NORMALISE),
     "Make a descriptor model's score calibration",
     "Compares all pictures of different people and prints which score has which false-match rate, down to "
     "the "
     "smallest rate that was measured. models/convert/set-calibration.mjs writes it into the manifest. With "
     "--normalise the model's "
     "scores in searches are normalised from then on.",
     "mien eval calibrate --part 1/2 --output calibration.json people/", mn_cmd_eval_calibrate},
    {"bench pipeline", "FILE...", 1, MN_OPERANDS_ANY, B(SECONDS),
     "Measure throughput, and where the time goes",
     "Reads the pictures into memory, then decodes and describes them again and again with 1, 2, 4 … workers "
     "up to "
     "--threads.",
     "mien bench pipeline lfw/images/Bob_Graham\nmien bench pipeline --threads 2 --seconds 10 --json photos/",
     mn_cmd_bench_pipeline},
    {"user add", "LOGIN", 1, 1, B(NAME) | B(ROLE) | B(ACCOUNT) | B(PASSWORD), "Let somebody sign in",
     "Without --password a one-time password is made and shown, which must be changed at the first login. "
     "Passwords are never given on the command line, where others can see them.",
     "mien user add --role administrator admin\nmien user add --name 'Jan Okafor' --role operator,auditor "
     "jan",
     mn_cmd_user_add},
    {"user list", "", 0, 0, B(ACCOUNT), "List who may sign in", NULL, "mien user list --json",
     mn_cmd_user_list},
    {"user passwd", "LOGIN", 1, 1, B(ACCOUNT) | B(PASSWORD), "Give a user a new password",
     "A one-time password, or with --password one that is asked for. Ends the user's sessions, and lets in "
     "who was locked out.",
     "mien user passwd jan\nmien user passwd --password jan < password.txt", mn_cmd_user_passwd},
    {"user disable", "LOGIN", 1, 1, B(ACCOUNT), "Keep a user out",
     "Ends the user's sessions; tokens stop too.", "mien user disable jan", mn_cmd_user_disable},
    {"user enable", "LOGIN", 1, 1, B(ACCOUNT), "Let a disabled user in again", NULL, "mien user enable jan",
     mn_cmd_user_enable},
    {"user remove", "LOGIN", 1, 1, B(ACCOUNT), "Remove a user, with sessions and tokens",
     "What the user did stays in the audit log. The last administrator of an account stays.",
     "mien user remove jan", mn_cmd_user_remove},
    {"account add", "NAME", 1, 1, B(ADMIN) | B(MAX_PEOPLE) | B(MAX_FACES), "Make an account for a tenant",
     "Everything of an account is apart from all others. Its users sign in as NAME/LOGIN.",
     "mien account add --admin boss --max-people 5000 acme", mn_cmd_account_add},
    {"account list", "", 0, 0, 0, "List the accounts", NULL, "mien account list", mn_cmd_account_list},
    {"account suspend", "ACCOUNT", 1, 1, 0, "Let nobody of an account sign in",
     "Sessions and tokens stop too; nothing is erased.", "mien account suspend acme", mn_cmd_account_suspend},
    {"account resume", "ACCOUNT", 1, 1, 0, "Let the users of a suspended account sign in again", NULL,
     "mien account resume acme", mn_cmd_account_resume},
    {"roles", "[show|markdown]", 0, 1, 0, "Show the predefined roles and their rights", NULL,
     "mien roles\nmien roles --json", mn_cmd_roles},
    {"settings", "[show|sample|markdown]", 0, 1, 0, "Show the settings, or write a sample file of them",
     "show (the default) prints each value and where it comes from: command line, environment (MIEN_ and the "
     "name in "
     "capitals, dots as underscores), file, default; the first that has one wins.",
     "mien settings\nmien settings sample > /etc/mien.conf", mn_cmd_settings},
    {"version", "", 0, 0, 0, "Show the versions of the program and of what it uses", NULL,
     "mien version --json", mn_cmd_version},
    {"completion", "bash|zsh|fish", 1, 1, 0, "Print a completion script for the shell", NULL,
     "mien completion bash > ~/.local/share/bash-completion/completions/mien", mn_cmd_completion},
    {"help", "[COMMAND]", 0, 2, B(MAN), "Show what there is, or what a command does", NULL,
     "mien help\nmien help people erase", mn_cmd_help},
};

size_t mn_command_count(void)
{
    return sizeof commands / sizeof *commands;
}

const mn_command *mn_command_at(size_t i)
{
    return &commands[i];
}
