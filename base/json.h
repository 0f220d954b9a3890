/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JSON_H
#define KMEMD_JSON_H
/*
 * json-c with less ceremony. The put functions add to an object and drop the value when memory is
 * short; the get functions give "" or 0 for what is missing or of another type.
 */
#include "base/cleanup.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

DEFINE_CLEANUP(struct json_object *, json_object_put);

void json_put_text(struct json_object *object, const char *key, const char *text);
void json_put_u64(struct json_object *object, const char *key, uint64_t value);
void json_put_int(struct json_object *object, const char *key, int64_t value);
void json_put_bool(struct json_object *object, const char *key, bool value);
/* Adds and returns an empty array or object; NULL when memory is short. */
struct json_object *json_put_array(struct json_object *object, const char *key);
struct json_object *json_put_object(struct json_object *object, const char *key);
/* Appends and returns an empty object. */
struct json_object *json_append_object(struct json_object *array);

/* The text of a key, or ""; valid as long as the object. */
const char *json_text(const struct json_object *object, const char *key);
void json_get_text(const struct json_object *object, const char *key, char *buffer, size_t size);
uint64_t json_get_u64(const struct json_object *object, const char *key);
int64_t json_get_int(const struct json_object *object, const char *key);
bool json_get_bool(const struct json_object *object, const char *key);
/* An array's length, 0 when there is none, and its members. */
size_t json_count(const struct json_object *object, const char *key);
struct json_object *json_member(const struct json_object *object, const char *key, size_t index);

/* Files. 0 or a negative errno; -EBADMSG for a file that is not JSON. */
int json_read_file(const char *path, struct json_object **ret);
int json_write_file(const char *path, struct json_object *json, unsigned int mode);

#endif
