/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_KERNEL_MODULES_H
#define KMEMD_KERNEL_MODULES_H
/* libkmod, as everything here uses it: for the running kernel's modules, and without a word. */
#include "base/cleanup.h"
#include "base/error.h"

#include <libkmod.h>

/* A context that prints nothing. 0, or -ENOMEM and the error, which may be NULL. */
int kernel_modules_open(struct kmod_ctx **ret, struct kmemd_error *error);

DEFINE_CLEANUP(struct kmod_ctx *, kmod_unref);
DEFINE_CLEANUP(struct kmod_module *, kmod_module_unref);

#endif
