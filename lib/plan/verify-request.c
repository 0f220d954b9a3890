/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/verify-request.h"

#include "base/error.h"
#include "base/parse.h"
#include "plan/plan-request.h"
#include "plan/verify-policy.h"

#include <inttypes.h>

static int verify_driver(const struct dax_device *dax, const char *wanted,
			 struct kmemd_error *error)
{
	if (!strcmp(dax->driver, wanted))
		return 0;
	return error_set(error, KMEMD_FAILED, EIO, "%s is bound to %s and should be to %s",
			 dax->name, dax->driver[0] ? dax->driver : "no driver",
			 wanted[0] ? wanted : "none");
}

static int verify_shape(const struct dax_device *dax, const struct kmemd_request *request,
			struct kmemd_error *error)
{
	char is[SIZE_TEXT_MAX], should[SIZE_TEXT_MAX];

	if (request->has_size && dax->size != request->size)
		return error_set(error, KMEMD_FAILED, EIO, "%s has %s and should have %s",
				 dax->name, format_size(dax->size, is),
				 format_size(request->size, should));
	if (request->align && dax->align != request->align)
		return error_set(error, KMEMD_FAILED, EIO,
				 "%s is aligned to %s and should be to %s", dax->name,
				 format_size(dax->align, is), format_size(request->align, should));
	return 0;
}

static int verify_mode(const struct dax_device *dax, const struct kmemd_request *request,
		       struct kmemd_error *error)
{
	bool fresh = request->verb == KMEMD_CREATE_DEVICE;
	int r;

	if (request->mode == KMEMD_MODE_DEVDAX || (fresh && request->mode == KMEMD_MODE_UNCHANGED))
		return verify_driver(dax, "device_dax", error);
	if (request->mode != KMEMD_MODE_SYSTEM_RAM)
		return 0;
	r = verify_driver(dax, "kmem", error);
	if (r < 0 || request->no_online)
		return r;
	return verify_blocks(dax, request->no_movable ? BLOCK_KERNEL : BLOCK_MOVABLE, error);
}

static const struct dax_device *find_device(const struct kmemd_inventory *after, const char *name)
{
	array_foreach(dax, &after->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

int verify_request(const struct kmemd_inventory *after, const char *name,
		   const struct kmemd_request *request, struct kmemd_error *error)
{
	const struct dax_device *dax = find_device(after, name);
	int r;

	if (request->verb == KMEMD_DESTROY_DEVICE)
		return dax && dax->size
			       ? error_set(error, KMEMD_FAILED, EIO, "%s is still there", name)
			       : 0;
	if (!dax)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", name);
	switch (request->verb) {
	case KMEMD_RECONFIGURE_DEVICE:
	case KMEMD_CREATE_DEVICE:
		r = verify_shape(dax, request, error);
		return r < 0 ? r : verify_mode(dax, request, error);
	case KMEMD_ENABLE_DEVICE:
		return verify_driver(dax, "device_dax", error);
	case KMEMD_DISABLE_DEVICE:
		return verify_driver(dax, "", error);
	case KMEMD_ONLINE_MEMORY:
	case KMEMD_OFFLINE_MEMORY:
	case KMEMD_DESTROY_DEVICE:
	default:
		return verify_driver(dax, "kmem", error);
	}
}
