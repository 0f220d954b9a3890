# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for bash, loaded by bash-completion. Verbs, options and what kind of value an option takes
# come from kmemctl's own help, so that they are those of the kmemctl that is installed.

# The verbs; those that are only there to say that they are not are left out.
_kmemctl_verbs()
{
	kmemctl --list-cmds 2>/dev/null | grep -vxE 'split-acpi|migrate-device-model'
}

# The options of a verb, or without one those of kmemctl alone, a line each: letter (or -), name, kind of value (or -).
# An = before the kind says that the value has to follow an equals sign.
_kmemctl_options()
{
	local line
	while IFS= read -r line; do
		[[ $line =~ ^\ +(-(.),\ )?--([a-z-]+)((\[?)=([^] ]+))? ]] || continue
		printf '%s %s %s\n' "${BASH_REMATCH[2]:--}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[5]:+=}${BASH_REMATCH[6]:--}"
	done < <(kmemctl help ${1:+"$1"} 2>/dev/null)
}

# The kind of value of the option of a verb that is written so (-p, --policy); fails when there is no such option.
_kmemctl_kind()
{
	local letter name kind
	while read -r letter name kind; do
		if [[ $2 == "-$letter" || $2 == "--$name" ]]; then
			echo "$kind"
			return
		fi
	done < <(_kmemctl_options "$1")
	return 1
}

# What may stand for a device, one a line. Kernel names are offered first; the serials and UUIDs that belong to
# the same devices only when something has been typed, so that a device is not listed four times.
_kmemctl_devices()
{
	local typed=$1 keys='device|region|chardev' json
	[[ $typed ]] && keys+='|serial|uuid'
	json=$(kmemctl status --json=short 2>/dev/null) || return 0
	_kmemctl_members "$json" "$keys"
}

# The values of a member of status: of the devices, or the CXL regions.
_kmemctl_of_status()
{
	_kmemctl_members "$(kmemctl status --json=short 2>/dev/null)" "$1"
}

# The dax devices: what daxctl's verbs are about.
_kmemctl_dax()
{
	_kmemctl_members "$(kmemctl list --json=short 2>/dev/null)" chardev
}

# The values of members of JSON. No other characters: compgen -W expands its words as the shell does.
_kmemctl_members()
{
	local json=$1 keys=$2
	while [[ $json =~ \"($keys)\":\"?([[:alnum:]._-]+)\"?[,\}] ]]; do
		printf '%s\n' "${BASH_REMATCH[2]}"
		json=${json#*"${BASH_REMATCH[0]}"}
	done
}

# Replies with the words that begin as the value does. Where readline breaks words at '=' or ':' it replaces
# only what stands behind; elsewhere the whole word, so that its beginning has to be given back.
_kmemctl_reply()
{
	local value=$1 sign=$2 before=''
	shift 2
	if [[ $sign && $COMP_WORDBREAKS != *"$sign"* ]]; then
		before=${cur%"$value"}
	fi
	mapfile -t COMPREPLY < <(compgen -P "$before" "$@" -- "$value")
}

_kmemctl_directories()
{
	local value=$1 sign=$2
	if [[ $value == *:* ]]; then
		value=${value##*:}
		sign=:
	fi
	compopt -o filenames -o nospace 2>/dev/null
	_kmemctl_reply "$value" "$sign" -d
}

# Completes a value of a kind.
_kmemctl_value()
{
	local kind=$1 value=$2 sign=$3
	case $kind in
	FILE)
		compopt -o filenames 2>/dev/null
		_kmemctl_reply "$value" "$sign" -f
		;;
	DIR*) _kmemctl_directories "$value" "$sign" ;;
	DEVICE) _kmemctl_reply "$value" "$sign" -W "all $(_kmemctl_dax)" ;;
	REGION) _kmemctl_reply "$value" "$sign" -W "all $(_kmemctl_members "$(kmemctl list -R --json=short 2>/dev/null)" id)" ;;
	MODE) _kmemctl_reply "$value" "$sign" -W 'system-ram devdax' ;;
	ALIGN) _kmemctl_reply "$value" "$sign" -W '4K 2M 1G' ;;
	*'|'*) _kmemctl_reply "$value" "$sign" -W "${kind//|/ }" ;;
	esac # a number: nothing to offer
}

# Completes the value of the option that the cursor is at; false when it is at none.
_kmemctl_option_value()
{
	local option=$1 value=$2 sign=$3 kind
	kind=$(_kmemctl_kind "$verb" "$option") || return 1
	[[ $option == -a || $option == --align ]] && kind=ALIGN
	[[ $kind == - || ($kind == =* && ! $sign) ]] && return 1
	_kmemctl_value "${kind#=}" "$value" "$sign"
}

# Sets verb and position (how many arguments of the verb stand before the cursor).
_kmemctl_find_verb()
{
	local i kind
	verb='' position=0
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--*=*) ;;
		-*)
			if [[ $verb ]]; then
				kind=$(_kmemctl_kind "$verb" "${words[i]}") || continue
				[[ $kind == - || $kind == =* ]] || ((i += 1))
			elif [[ ${words[i]} =~ ^(-t|-p|--timeout|--policy|--inventory)$ ]]; then
				((i += 1)) # what means the same to all verbs may stand before them
			fi
			;;
		*)
			if [[ $verb ]]; then
				((position += 1))
			else
				verb=${words[i]}
			fi
			;;
		esac
	done
}

# What the usage line of the verb says of its arguments.
_kmemctl_argument()
{
	local usage
	if [[ ! $verb ]]; then
		_kmemctl_reply "$cur" '' -W "$(_kmemctl_verbs)"
		return
	fi
	read -r usage < <(kmemctl help "$verb" 2>/dev/null)
	case $verb:$position:$usage in
	policy:0:*) _kmemctl_reply "$cur" '' -W 'check show import' ;;
	policy:1:*)
		if [[ " ${words[*]} " == *' show '* ]]; then
			_kmemctl_reply "$cur" '' -W "$(_kmemctl_devices "$cur")"
		else
			_kmemctl_value FILE "$cur" ''
		fi
		;;
	policy:*) _kmemctl_value FILE "$cur" '' ;;
	*:0:*VERB*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_verbs)" ;;
	*:*:*'DEVICE [DEVICE...]'*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_devices "$cur")" ;;
	*:*:*'MEMDEV [MEMDEV...]'*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_of_status device)" ;;
	*:*:*'REGION [REGION...]'*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_of_status region)" ;;
	*:*:*'DEVICE...|all'*) _kmemctl_reply "$cur" '' -W "all $(_kmemctl_dax)" ;;
	*:*:*'DEVICE...'*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_dax)" ;;
	*:0:*DEVICE*) _kmemctl_reply "$cur" '' -W "$(_kmemctl_devices "$cur")" ;;
	*:1:*'[on|off]'*) _kmemctl_reply "$cur" '' -W 'on off' ;;
	esac
}

_kmemctl()
{
	local cur='' cword=0 verb position
	local -a words=()
	COMPREPLY=()
	_get_comp_words_by_ref -n =: cur words cword || return
	_kmemctl_find_verb

	if [[ $cur == --*=* ]]; then
		_kmemctl_option_value "${cur%%=*}" "${cur#*=}" =
		return
	fi
	_kmemctl_option_value "${words[cword - 1]}" "$cur" '' && return
	if [[ $cur == -* ]]; then
		# Letters, names, and names with their = where a value follows (or may).
		_kmemctl_reply "$cur" '' -W "$(_kmemctl_options "$verb" | awk '
			$1 != "-" { print "-" $1 }
			$3 == "-" || $3 ~ /^=/ { print "--" $2 }
			$3 != "-" { print "--" $2 "=" }')"
		[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
		return
	fi
	_kmemctl_argument
}

complete -F _kmemctl kmemctl
