# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for bash, loaded by bash-completion.

# What may stand for a device, one a line. Kernel names are offered first; the serials and UUIDs that belong to
# the same devices only when something has been typed, so that a device is not listed four times.
_kmemctl_devices()
{
	local typed=$1 keys='device|region|chardev' json
	[[ $typed ]] && keys+='|serial|uuid'
	json=$(kmemctl status --json=short 2>/dev/null) || return 0
	# No other characters: compgen -W expands its words as the shell does.
	while [[ $json =~ \"($keys)\":\"([[:alnum:]._-]+)\" ]]; do
		printf '%s\n' "${BASH_REMATCH[2]}"
		json=${json#*"${BASH_REMATCH[0]}"}
	done
}

# The options of a verb; without one, those that kmemctl alone takes.
_kmemctl_options()
{
	local common='-h --help'
	case $1 in
	list) echo "-r --region= -d --dev= -D --devices -R --regions -M --mappings -i --idle -u --human --json --json= $common" ;;
	status) echo "--json --json= --inventory= $common" ;;
	inventory | memmap) echo "--json --json= $common" ;;
	plan | explain) echo "--json --json= --inventory= -p --policy= $common" ;;
	apply | drain) echo "--json --json= -n --dry-run -t --timeout= -p --policy= $common" ;;
	policy) echo "--json --json= -p --policy= $common" ;;
	*) echo "$common --version" ;;
	esac
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
	compopt -o filenames -o nospace
	_kmemctl_reply "$value" "$sign" -d
}

# Completes the value of the option that the cursor is at; false when it is at none.
_kmemctl_option_value()
{
	local option=$1 value=$2 sign=$3
	case $option in
	--json)
		[[ $sign ]] || return 1 # its value is only taken behind '='
		_kmemctl_reply "$value" "$sign" -W 'pretty short off'
		;;
	--inventory)
		compopt -o filenames
		_kmemctl_reply "$value" "$sign" -f
		;;
	-p | --policy) _kmemctl_directories "$value" "$sign" ;;
	-r | --region) _kmemctl_reply "$value" "$sign" -W all ;;
	-d | --dev) _kmemctl_reply "$value" "$sign" -W "all $(_kmemctl_devices "$value")" ;;
	-t | --timeout) ;; # a number: nothing to offer
	*) return 1 ;;
	esac
}

# Sets verb and position (how many arguments of the verb stand before the cursor).
_kmemctl_find_verb()
{
	local i
	verb='' position=0
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		-t | -p | -r | -d | --timeout | --inventory | --policy | --region | --dev) ((i += 1)) ;;
		-*) ;;
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

_kmemctl_argument()
{
	case $verb:$position in
	:0) _kmemctl_reply "$cur" '' -W 'list status plan apply explain drain memmap inventory policy' ;;
	list:* | status:0 | plan:0 | apply:0 | explain:0 | drain:0 | memmap:0)
		_kmemctl_reply "$cur" '' -W "$(_kmemctl_devices "$cur")"
		;;
	memmap:1) _kmemctl_reply "$cur" '' -W 'on off' ;;
	policy:0) _kmemctl_reply "$cur" '' -W 'check' ;;
	policy:*)
		compopt -o filenames
		_kmemctl_reply "$cur" '' -f
		;;
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
		_kmemctl_reply "$cur" '' -W "$(_kmemctl_options "$verb")"
		[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
		return
	fi
	_kmemctl_argument
}

complete -F _kmemctl kmemctl
