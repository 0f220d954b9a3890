/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LIBKMOD_H
#define KMEMD_LIBKMOD_H
/* libkmod, loaded when a module is, or is looked at. */
#include "base/cleanup.h"
#include "base/library.h"

#include <libkmod.h>

#define LIBKMOD_FUNCTIONS(F)                                                                       \
	F(kmod_list_next)                                                                          \
	F(kmod_module_get_info)                                                                    \
	F(kmod_module_info_free_list)                                                              \
	F(kmod_module_info_get_key)                                                                \
	F(kmod_module_info_get_value)                                                              \
	F(kmod_module_new_from_name)                                                               \
	F(kmod_module_new_from_path)                                                               \
	F(kmod_module_probe_insert_module)                                                         \
	F(kmod_module_unref)                                                                       \
	F(kmod_new)                                                                                \
	F(kmod_set_log_fn)                                                                         \
	F(kmod_unref)

LIBKMOD_FUNCTIONS(LIBRARY_DECLARE)

#define kmod_list_next			late_kmod_list_next
#define kmod_module_get_info		late_kmod_module_get_info
#define kmod_module_info_free_list	late_kmod_module_info_free_list
#define kmod_module_info_get_key	late_kmod_module_info_get_key
#define kmod_module_info_get_value	late_kmod_module_info_get_value
#define kmod_module_new_from_path	late_kmod_module_new_from_path
#define kmod_module_new_from_name	late_kmod_module_new_from_name
#define kmod_module_probe_insert_module late_kmod_module_probe_insert_module
#define kmod_module_unref		late_kmod_module_unref
#define kmod_new			late_kmod_new
#define kmod_set_log_fn			late_kmod_set_log_fn
#define kmod_unref			late_kmod_unref

/*
 * Before any of them is called: a context for the running kernel's modules that prints nothing. 0,
 * or a negative errno and the error; -ENOENT without the library.
 */
int libkmod_open(struct kmod_ctx **ret, struct kmemd_error *error);

DEFINE_CLEANUP(struct kmod_ctx *, kmod_unref);
DEFINE_CLEANUP(struct kmod_module *, kmod_module_unref);

#endif
