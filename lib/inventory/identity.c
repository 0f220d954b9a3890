/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/identity.h"

#include "base/file.h"
#include "inventory/names.h"

#include <inttypes.h>

char *identity_of_memdev(enum kind kind, bool has_serial, uint64_t serial, const char *host)
{
	return has_serial ? format_text("%s:0x%" PRIx64, kind_names[kind], serial)
			  : format_text("%s:%s", kind_names[kind], host);
}

char *identity_of_namespace(const char *uuid, const char *name)
{
	return format_text("%s:%s", kind_names[KIND_NVDIMM], uuid[0] ? uuid : name);
}

char *identity_of_range(enum kind kind, uint64_t start, uint64_t size)
{
	return format_text("%s:0x%" PRIx64 "+0x%" PRIx64, kind_names[kind], start, size);
}

char *identity_of_lost(uint64_t start, uint64_t size)
{
	return format_text("lost:0x%" PRIx64 "+0x%" PRIx64, start, size);
}

char *identity_of_dax_region(int id)
{
	return format_text("dax-region:%d", id);
}

bool serial_identifies(uint64_t serial, size_t holders)
{
	return serial && serial != UINT64_MAX && holders <= 1;
}
