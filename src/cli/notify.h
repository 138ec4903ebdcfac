/* What a server tells the service manager that started it (sd_notify's protocol: one datagram a message).
 * Everywhere else nothing happens. */
#ifndef MN_CLI_NOTIFY_H
#define MN_CLI_NOTIFY_H

void mn_notify(const char *state); /* "READY=1" */
/* A reload begins; "READY=1" ends it. */
void mn_notify_reloading(void);
/* Milliseconds between two "WATCHDOG=1" that are asked for: half of the time after which the service manager
 * takes the process for dead. 0: none are. */
int mn_notify_watchdog_ms(void);

#endif
