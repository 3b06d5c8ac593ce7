/* harden.h: what the process does to itself before it reads anything foreign. */
#ifndef HARDEN_H
#define HARDEN_H

/* Make what the loader has relocated read-only (RELRO), which musl does not do for a static
 * program. Without effect where there is nothing to protect, or it is done already. Call it first.
 */
void harden_relro(void);

/* Leave no core file behind: it would have the credentials in it. Call it before they are read. */
void harden_secrets(void);

#endif
