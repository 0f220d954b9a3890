#compdef kmemctl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for zsh: installed as _kmemctl in a directory of $fpath. Verbs, options and what kind of value
# an option takes come from kmemctl's own help, so that they are those of the kmemctl that is installed.

# Kernel names are offered first; the serials and UUIDs that belong to the same devices only when something has
# been typed, so that a device is not listed four times.
_kmemctl_devices() {
	local keys='device|region|chardev'
	[[ -n $PREFIX ]] && keys+='|serial|uuid'
	_kmemctl_members "$(kmemctl status --json=short 2>/dev/null)" $keys device
}

# The dax devices: what daxctl's verbs are about.
_kmemctl_dax() {
	_kmemctl_members "$(kmemctl list --json=short 2>/dev/null)" chardev device "$@"
}

_kmemctl_dax_or_all() {
	_kmemctl_dax all
}

_kmemctl_memdevs() {
	_kmemctl_members "$(kmemctl status --json=short 2>/dev/null)" device memdev
}

_kmemctl_cxl_regions() {
	_kmemctl_members "$(kmemctl status --json=short 2>/dev/null)" region region
}

_kmemctl_regions() {
	_kmemctl_members "$(kmemctl list -R --json=short 2>/dev/null)" id region all
}

# The values of members of JSON, and further words.
_kmemctl_members() {
	local json=$1 keys=$2 tag=$3
	shift 3
	local -a names=("$@")
	while [[ $json =~ "\"($keys)\":\"?([[:alnum:]._-]+)\"?[,}]" ]]; do
		names+=("$match[2]")
		json=${json[MEND+1,-1]}
	done
	_wanted $tag expl $tag compadd -a -- names
}

# Those that are only there to say that they are not are left out.
_kmemctl_verbs() {
	local -a verbs
	local line
	for line in ${(f)"$(kmemctl help 2>/dev/null)"}; do
		[[ $line =~ '^  ([a-z-]+)( [^ ]+)*  +([^ ].*)$' ]] || continue
		[[ $match[1] == (split-acpi|migrate-device-model) ]] || verbs+=("$match[1]:$match[3]")
	done
	_describe -t verbs verb verbs
}

# Directories with ':' between them.
_kmemctl_policy_directories() {
	compset -P '*:'
	_path_files -/ -S ''
}

# What completes a value of a kind, as _arguments wants it: message and action.
_kmemctl_value() {
	case $1 in
	FILE) reply='file:_files' ;;
	DIR\[*) reply='directories:_kmemctl_policy_directories' ;;
	DIR) reply='directory:_files -/' ;;
	DEVICE) reply='device:_kmemctl_dax_or_all' ;;
	REGION) reply='dax region:_kmemctl_regions' ;;
	MODE) reply='mode:(system-ram devdax)' ;;
	ALIGN) reply='alignment:(4K 2M 1G)' ;;
	*\|*) reply="format:(${1//|/ })" ;;
	*) reply="${(L)1}: " ;;
	esac
}

# The options of a verb, from its help, as _arguments wants them; in the array `options_of_verb`.
_kmemctl_options() {
	local line letter name equals kind text value reply
	options_of_verb=()
	for line in ${(f)"$(kmemctl help $1 2>/dev/null)"}; do
		[[ $line =~ '^ +(-(.), )?--([a-z-]+)((\[?)=([^] ]+(\[[^] ]*\])?)\]?)? +([^ ].*)$' ]] || continue
		letter=$match[2] name=$match[3] equals=$match[5] kind=$match[6] text=${match[8]//:/\\:}
		text=${${text//\[/\\[}//\]/\\]}
		[[ $name == align ]] && kind=ALIGN
		value=''
		if [[ -n $kind ]]; then
			_kmemctl_value $kind
			value=":$reply"
		fi
		if [[ -n $equals ]]; then # the value has to follow the sign, and may be left out
			options_of_verb+=("--$name=-[$text]:$value")
		elif [[ -z $letter ]]; then
			options_of_verb+=("--$name${kind:+=}[$text]$value")
		else
			options_of_verb+=("(-$letter --$name)-$letter${kind:++}[$text]$value" "(-$letter --$name)--$name${kind:+=}[$text]$value")
		fi
	done
}

# The arguments of a verb, from the usage line of its help; in the array `arguments_of_verb`.
_kmemctl_arguments() {
	local usage=${"$(kmemctl help $1 2>/dev/null)"%%$'\n'*}
	arguments_of_verb=()
	case $usage in
	*check\|show*) arguments_of_verb=(':action:(check show import)' '*:file or device:_kmemctl_policy_argument') ;;
	*VERB*) arguments_of_verb=('::verb:_kmemctl_verbs') ;;
	*'DEVICE [DEVICE...]'*) arguments_of_verb=('*:device:_kmemctl_devices') ;;
	*'MEMDEV [MEMDEV...]'*) arguments_of_verb=('*:memdev:_kmemctl_memdevs') ;;
	*'REGION [REGION...]'*) arguments_of_verb=('*:region:_kmemctl_cxl_regions') ;;
	*'DEVICE...|all'*) arguments_of_verb=('*:device:_kmemctl_dax_or_all') ;;
	*'DEVICE...'*) arguments_of_verb=('*:device:_kmemctl_dax') ;;
	*DEVICE*'[on|off]'*) arguments_of_verb=('::device:_kmemctl_devices' '::memmap:(on off)') ;;
	*DEVICE*) arguments_of_verb=(':device:_kmemctl_devices') ;;
	esac
}

_kmemctl_policy_argument() {
	if [[ -n ${words[(r)show]} ]]; then
		_kmemctl_devices
	else
		_files
	fi
}

_kmemctl() {
	local curcontext=$curcontext state line ret=1
	local -a options_of_verb arguments_of_verb
	typeset -A opt_args

	# What means the same to all verbs is taken before them as well, but not offered there.
	_kmemctl_options ''
	_arguments -C -A '-*' $options_of_verb \
		'!--json=-::format: ' '!'{-n,--dry-run} '!'{-t+,--timeout=}':seconds: ' \
		'!--inventory=:snapshot:_files' \
		'!'{-p+,--policy=}':directories:_kmemctl_policy_directories' \
		'1:verb:_kmemctl_verbs' '*::argument:->argument' && ret=0
	[[ $state == argument ]] || return ret

	local verb=$words[1]
	curcontext=${curcontext%:*}-$verb:
	_kmemctl_options $verb
	_kmemctl_arguments $verb
	_arguments -S $options_of_verb $arguments_of_verb && ret=0
	return ret
}

_kmemctl "$@"
