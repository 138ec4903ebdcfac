#include "postgres_server.h"

#include "base/file.h"
#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BIN "/usr/lib/postgresql/15/bin/"

static const char *folder; /* NULL: not made yet */
static pid_t server, starter;

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

void postgres_need(void)
{
    mn_test_need(mn_file_exists(BIN "initdb") && mn_file_exists(BIN "postgres"),
                 "PostgreSQL 15 (apt-get install postgresql-15, or tools/setup)");
}

static const struct passwd *other_user(void)
{
    const struct passwd *user = getpwnam("postgres");
    return user ? user : getpwnam("nobody");
}

/* In the child: another user where we are root, output to a log, and an end when the test ends. */
static void become_server(const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    dup2(fd, 1);
    dup2(fd, 2);
    if (geteuid() == 0) {
        const struct passwd *user = other_user();
        if (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
            _exit(99);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static pid_t launch(const char *const argv[])
{
    char log[4096];
    assert_true(mn_path_join(log, sizeof log, folder, "log"));
    pid_t pid = fork();
    if (pid == 0) {
        become_server(log);
        execv(argv[0], (char *const *)argv);
        _exit(98);
    }
    assert_true(pid > 0);
    return pid;
}

static void show_log(const char *what)
{
    char log[4096];
    mn_buf text;
    mn_buf_init(&text, 1 << 20);
    assert_true(mn_path_join(log, sizeof log, folder, "log"));
    mn_test_read(log, &text);
    fail_msg("%s:\n%s", what, text.data ? (const char *)text.data : "");
}

static void stop_at_exit(void)
{
    if (getpid() == starter) /* not in children that a test forks */
        postgres_stop(SIGQUIT);
}

void postgres_own(const char *path)
{
    char parent[4096];
    if (geteuid() != 0)
        return;
    const struct passwd *user = other_user();
    assert_non_null(user);
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    assert_int_equal(chmod(parent, 0711), 0);
    assert_int_equal(chown(path, user->pw_uid, user->pw_gid), 0);
}

static const char *data_folder(void)
{
    static char path[4096];
    assert_true(mn_path_join(path, sizeof path, folder, "data"));
    return path;
}

/* Names sort in another way than by bytes here, unless the tables say otherwise. */
static void make_server(void)
{
    const char *const argv[] = {BIN "initdb",
                                "-D",
                                data_folder(),
                                "-U",
                                "mien",
                                "-A",
                                "trust",
                                "-E",
                                "UTF8",
                                "--locale=C.UTF-8",
                                "--locale-provider=icu",
                                "--icu-locale=en",
                                "-k",
                                "--no-sync",
                                "--no-instructions",
                                NULL};
    int status = 0;
    pid_t pid = launch(argv);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        show_log("initdb failed");
    starter = getpid();
    atexit(stop_at_exit); /* after mn_test_folder's, and so before it */
}

static bool ready(void)
{
    char where[4096];
    snprintf(where, sizeof where, "host=%s user=mien dbname=postgres", folder);
    return PQping(where) == PQPING_OK;
}

/* syncfs: else each start after a kill spends four seconds on syncing files that nobody wrote to. */
static void launch_server(void)
{
    const char *const argv[] = {BIN "postgres",
                                "-D",
                                data_folder(),
                                "-k",
                                folder,
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "shared_buffers=16MB",
                                "-c",
                                "max_connections=50",
                                "-c",
                                "recovery_init_sync_method=syncfs",
                                NULL};
    server = launch(argv);
}

void postgres_start(void)
{
    if (server)
        return;
    if (!folder) {
        folder = mn_test_folder();
        postgres_own(folder);
        make_server();
    }
    launch_server();
    for (int tries = 0; !ready(); tries++) {
        if (tries > 30000)
            show_log("PostgreSQL does not start");
        /* After a kill it refuses to start until the last process of its predecessor is gone. */
        if (waitpid(server, NULL, WNOHANG) == server)
            launch_server();
        pause_ms(10);
    }
}

static void signal_everybody(int signal_number)
{
    char path[64];
    mn_buf text;
    mn_buf_init(&text, 1 << 16);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server, (int)server);
    kill(server, signal_number);
    mn_test_read(path, &text);
    char *at = (char *)text.data, *end = at;
    for (long pid; at && (pid = strtol(at, &end, 10)) > 0; at = end)
        kill((pid_t)pid, signal_number);
    mn_buf_finish(&text);
}

void postgres_freeze(void)
{
    signal_everybody(SIGSTOP);
}

void postgres_thaw(void)
{
    signal_everybody(SIGCONT);
}

void postgres_stop(int signal_number)
{
    if (!server)
        return;
    postgres_thaw();
    kill(server, signal_number);
    waitpid(server, NULL, 0);
    server = 0;
}

const char *postgres_folder(void)
{
    return folder;
}

const char *postgres_url(const char *schema)
{
    static char url[4096];
    snprintf(url, sizeof url,
             "postgresql://mien:" POSTGRES_PASSWORD "@/postgres?host=%s&options=-csearch_path%%3D%s", folder,
             schema);
    return url;
}

void postgres_sql(const char *schema, const char *sql)
{
    PGconn *pg = PQconnectdb(postgres_url(schema));
    PQsetNoticeProcessor(pg, NULL, NULL);
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    PQclear(r);
    PQfinish(pg);
}

void postgres_settle(void)
{
    postgres_sql("public",
                 "DO $$ BEGIN FOR i IN 1..15000 LOOP PERFORM pg_stat_clear_snapshot();"
                 " IF NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'client backend'"
                 " AND pid <> pg_backend_pid()) THEN RETURN; END IF; PERFORM pg_sleep(0.02); END LOOP;"
                 " RAISE EXCEPTION 'sessions of killed clients do not end'; END $$");
}

static void make_schema(const char *schema)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SET client_min_messages = error; CREATE SCHEMA IF NOT EXISTS %s", schema);
    postgres_sql("public", sql);
}

const char *postgres_new_schema(void)
{
    static char schema[32];
    static unsigned count;
    snprintf(schema, sizeof schema, "s%u", count++);
    make_schema(schema);
    return schema;
}

mn_code postgres_open(const char *where, mn_store **out, mn_error *err)
{
    char schema[32];
    snprintf(schema, sizeof schema, "c%.20s", strrchr(where, '/') + 1);
    make_schema(schema);
    return mn_store_open_postgres(postgres_url(schema), out, err);
}
