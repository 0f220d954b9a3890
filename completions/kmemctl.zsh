#compdef kmemctl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for zsh: installed as _kmemctl in a directory of $fpath.

# Kernel names are offered first; the serials and UUIDs that belong to the same devices only when something has
# been typed, so that a device is not listed four times.
_kmemctl_devices() {
	local json keys='device|region|chardev'
	local -a names
	[[ -n $PREFIX ]] && keys+='|serial|uuid'
	json=$(kmemctl status --json=short 2>/dev/null)
	while [[ $json =~ "\"($keys)\":\"([[:alnum:]._-]+)\"" ]]; do
		names+=("$match[2]")
		json=${json[MEND+1,-1]}
	done
	_wanted devices expl device compadd -a -- names
}

_kmemctl_verbs() {
	local -a verbs=(
		'list:show dax devices, their memory blocks by zone and their memmap'
		'status:show the daemon, the job under way, all devices, and which are held or failed'
		'plan:show what policy would do, and what that costs'
		'apply:bring all devices, or one, to what policy wants'
		'explain:show which policy file and key decided what'
		"drain:take a device's memory out of use, so that it can be unplugged"
		'memmap:show or set whether a device carries its own memmap'
		'inventory:print the whole snapshot'
		'policy:check policy files'
	)
	_describe -t verbs verb verbs
}

# Directories with ':' between them.
_kmemctl_policy_directories() {
	compset -P '*:'
	_path_files -/ -S ''
}

_kmemctl() {
	local curcontext=$curcontext state line ret=1
	typeset -A opt_args
	local -a json=('--json=-[print JSON]::format:(pretty short off)')
	local -a dry_run=('(-n --dry-run)'{-n,--dry-run}'[show the plan and do nothing]')
	local -a timeout=('(-t --timeout)'{-t+,--timeout=}'[how long offlining may take]:seconds: ')
	local -a inventory=('--inventory=[a snapshot, not this machine]:snapshot:_files')
	local -a policy=('(-p --policy)'{-p+,--policy=}'[policy directories]:directories:_kmemctl_policy_directories')
	local -a daxctl_list=(
		'(-r --region)'{-r+,--region=}'[only this dax region]:region:(all)'
		'(-d --dev)'{-d+,--dev=}'[only this dax device]:device:_kmemctl_devices'
		'(-D --devices)'{-D,--devices}'[dax devices]' '(-R --regions)'{-R,--regions}'[dax regions]'
		'(-M --mappings)'{-M,--mappings}'[physical ranges, too]' '(-i --idle)'{-i,--idle}'[devices without a size, too]'
		'(-u --human)'{-u,--human}'[sizes for people]'
	)
	local -a common=(
		'(- *)'{-h,--help}'[show help]'
	)

	# What belongs to a verb is taken before it as well, but not offered there.
	_arguments -C -A '-*' $common '(- *)--version[show the version]' \
		'!--json=-::format: ' '!'{-n,--dry-run} '!'{-t+,--timeout=}':seconds: ' \
		'!--inventory=:snapshot:_files' \
		'!'{-p+,--policy=}':directories:_kmemctl_policy_directories' \
		'1:verb:_kmemctl_verbs' '*::argument:->argument' && ret=0
	[[ $state == argument ]] || return ret

	local verb=$words[1]
	curcontext=${curcontext%:*}-$verb:
	case $verb in
	list) _arguments -S $common $json $daxctl_list '*:device:_kmemctl_devices' && ret=0 ;;
	status) _arguments -S $common $json $inventory '::device:_kmemctl_devices' && ret=0 ;;
	inventory) _arguments -S $common $json && ret=0 ;;
	plan) _arguments -S $common $json $inventory $policy '::device:_kmemctl_devices' && ret=0 ;;
	explain) _arguments -S $common $json $inventory $policy ':device:_kmemctl_devices' && ret=0 ;;
	apply) _arguments -S $common $json $dry_run $timeout $policy '::device:_kmemctl_devices' && ret=0 ;;
	drain) _arguments -S $common $json $dry_run $timeout $policy ':device:_kmemctl_devices' && ret=0 ;;
	memmap) _arguments -S $common $json ':device:_kmemctl_devices' '::memmap:(on off)' && ret=0 ;;
	policy) _arguments -S $common $json $policy ':action:(check)' '*:policy file:_files' && ret=0 ;;
	esac
	return ret
}

_kmemctl "$@"
