/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds structures in BTF and compares where their members are
 * (Documentation/bpf/btf.rst). Pure functions on a buffer, so that the same file
 * is compiled into the module and into the unit test in user space.
 */
#ifndef KMEM_BTF_H
#define KMEM_BTF_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/linux/btf.h>
#else
#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#endif

/* A member of a structure and where it should be, or with no name its size. */
struct kmem_btf_place {
	const char *type;
	const char *member;
	unsigned int bytes;
};

/* BTF of which the header has been checked. */
struct kmem_btf {
	const char *types;
	size_t types_len;
	const char *strings;
	size_t strings_len;
};

/* Return: 0, or -EINVAL for what is no BTF of the known version. */
static inline int kmem_btf_open(struct kmem_btf *btf, const void *data,
				size_t len)
{
	const struct btf_header *header = data;
	size_t body;

	if (len < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->version != BTF_VERSION || header->hdr_len > len)
		return -EINVAL;
	body = len - header->hdr_len;
	if (header->type_off > body || header->type_len > body - header->type_off ||
	    header->str_off > body || header->str_len > body - header->str_off ||
	    !header->str_len)
		return -EINVAL;
	btf->types = (const char *)data + header->hdr_len + header->type_off;
	btf->types_len = header->type_len;
	btf->strings = (const char *)data + header->hdr_len + header->str_off;
	btf->strings_len = header->str_len;
	return btf->strings[btf->strings_len - 1] ? -EINVAL : 0;
}

static inline bool kmem_btf_is_called(const struct kmem_btf *btf,
				      unsigned int name_off, const char *name)
{
	return name_off < btf->strings_len &&
	       !strcmp(btf->strings + name_off, name);
}

/* Bytes that follow a type, or -EINVAL for a kind that is not known. */
static inline int kmem_btf_tail(const struct btf_type *type)
{
	unsigned int vlen = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case 17: /* BTF_KIND_DECL_TAG */
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	case 19: /* BTF_KIND_ENUM64 */
		return vlen * 3 * sizeof(__u32);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case 16: /* BTF_KIND_FLOAT */
	case 18: /* BTF_KIND_TYPE_TAG */
		return 0;
	default:
		return -EINVAL;
	}
}

/* Is a member where it should be? A structure may have none of that name. */
static inline bool kmem_btf_fits(const struct kmem_btf *btf,
				 const struct btf_type *type,
				 const struct kmem_btf_place *place)
{
	const struct btf_member *member = (const void *)(type + 1);
	unsigned int i, bits;

	if (!place->member)
		return type->size == place->bytes;
	for (i = 0; i < BTF_INFO_VLEN(type->info); i++, member++) {
		if (!kmem_btf_is_called(btf, member->name_off, place->member))
			continue;
		bits = BTF_INFO_KFLAG(type->info) ?
			BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset;
		return bits == place->bytes * 8;
	}
	return false;
}

/*
 * Looks for a structure that has a member where it should be.
 *
 * Return: 0 if there is one; -ENOENT if no structure has the name; -EINVAL if one
 * has and the member is elsewhere; -EOPNOTSUPP if the BTF cannot be read.
 */
static inline int kmem_btf_check(const struct kmem_btf *btf,
				 const struct kmem_btf_place *place)
{
	int rc = -ENOENT, tail;
	size_t at = 0;

	while (btf->types_len - at >= sizeof(struct btf_type)) {
		const struct btf_type *type = (const void *)(btf->types + at);

		tail = kmem_btf_tail(type);
		at += sizeof(*type);
		if (tail < 0 || (size_t)tail > btf->types_len - at)
			return -EOPNOTSUPP;
		at += tail;
		if (BTF_INFO_KIND(type->info) != BTF_KIND_STRUCT ||
		    !kmem_btf_is_called(btf, type->name_off, place->type))
			continue;
		if (kmem_btf_fits(btf, type, place))
			return 0;
		rc = -EINVAL;
	}
	return rc;
}

#endif
