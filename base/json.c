/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define JSON_FILE_MAX (64 << 20) /* an inventory of the largest machine is smaller */

static void json_put(struct json_object *object, const char *key, struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
}

void json_put_text(struct json_object *object, const char *key, const char *text)
{
	json_put(object, key, json_object_new_string(text));
}

void json_put_u64(struct json_object *object, const char *key, uint64_t value)
{
	json_put(object, key, json_object_new_uint64(value));
}

void json_put_int(struct json_object *object, const char *key, int64_t value)
{
	json_put(object, key, json_object_new_int64(value));
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	json_put(object, key, json_object_new_boolean(value));
}

struct json_object *json_put_array(struct json_object *object, const char *key)
{
	json_put(object, key, json_object_new_array());
	return json_object_object_get(object, key);
}

struct json_object *json_put_object(struct json_object *object, const char *key)
{
	json_put(object, key, json_object_new_object());
	return json_object_object_get(object, key);
}

struct json_object *json_append_object(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	if (array && object && json_object_array_add(array, object) == 0)
		return object;
	json_object_put(object);
	return NULL;
}

static struct json_object *json_get(const struct json_object *object, const char *key,
				    enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *json_text(const struct json_object *object, const char *key)
{
	struct json_object *value = json_get(object, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

void json_get_text(const struct json_object *object, const char *key, char *buffer, size_t size)
{
	const char *text = json_text(object, key);

	buffer[0] = '\0';
	strncat(buffer, text, size - 1);
}

uint64_t json_get_u64(const struct json_object *object, const char *key)
{
	struct json_object *value = json_get(object, key, json_type_int);

	return value ? json_object_get_uint64(value) : 0;
}

int64_t json_get_int(const struct json_object *object, const char *key)
{
	struct json_object *value = json_get(object, key, json_type_int);

	return value ? json_object_get_int64(value) : 0;
}

bool json_get_bool(const struct json_object *object, const char *key)
{
	struct json_object *value = json_get(object, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

size_t json_count(const struct json_object *object, const char *key)
{
	struct json_object *array = json_get(object, key, json_type_array);

	return array ? json_object_array_length(array) : 0;
}

struct json_object *json_member(const struct json_object *object, const char *key, size_t index)
{
	struct json_object *array = json_get(object, key, json_type_array);

	return array ? json_object_array_get_idx(array, index) : NULL;
}

/* A file of text of which nothing could be read: that it holds no JSON is not known. */
static bool is_unread(const char *path, size_t length)
{
	struct stat status;

	return !length && stat(path, &status) == 0 && status.st_size > 0;
}

int json_read_file(const char *path, struct json_object **ret)
{
	_cleanup_free_ char *text = NULL;
	struct json_object *json;
	size_t length;
	int r = file_read(path, JSON_FILE_MAX, &text, &length);

	if (r < 0)
		return r;
	if (is_unread(path, length))
		return -EIO;
	json = json_tokener_parse(text);
	if (!json)
		return -EBADMSG;
	*ret = json;
	return 0;
}

int json_write_file(const char *path, struct json_object *json, unsigned int mode)
{
	const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY);

	return text ? file_replace(path, text, mode) : -ENOMEM;
}
