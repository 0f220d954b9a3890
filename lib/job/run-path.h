/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RUN_PATH_H
#define KMEMD_RUN_PATH_H
#include "context.h"

/*
 * RUN/PREFIX and the identity of a device, ".json": the path of a file about the device. Identities
 * come from firmware and labels: what is not plain in them becomes '_'. NULL when memory is short.
 */
char *path_of_identity(const struct kmemd *kmemd, const char *prefix, const char *identity);

#endif
