# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for fish.

# The words behind kmemctl that are neither options nor their values: the verb and its arguments.
function __kmemctl_words
    set -l words (commandline -opc)
    set -l skip 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case -t -p -r -d --timeout --inventory --policy --region --dev
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

# Whether the verb is one of those given.
function __kmemctl_verb_is
    set -l words (__kmemctl_words)
    test (count $words) -ge 1; and contains -- $words[1] $argv
end

# Whether the cursor is at this argument (1 is the first) of one of the verbs given.
function __kmemctl_at
    set -l words (__kmemctl_words)
    test (count $words) -eq $argv[1]; and contains -- $words[1] $argv[2..-1]
end

function __kmemctl_no_verb
    set -l words (__kmemctl_words)
    test (count $words) -eq 0
end

# Whether an option is being typed.
function __kmemctl_dash
    string match -q -- '-*' (commandline -ct)
end

# Kernel names are offered first; the serials and UUIDs that belong to the same devices only when something has
# been typed, so that a device is not listed four times.
function __kmemctl_devices
    set -l keys 'device|region|chardev'
    test -n (commandline -ct | string collect); and set keys "$keys|serial|uuid"
    kmemctl status --json=short 2>/dev/null |
        string match --all --regex --groups-only '"(?:'$keys')":"([[:alnum:]._-]+)"'
end

# Directories with ':' between them.
function __kmemctl_directories
    set -l token (commandline -ct | string replace -r '^(--policy=|-p)' '')
    set -l before (string match -r '^.*:' -- $token; or echo '')
    for directory in (__fish_complete_directories (string replace -r '^.*:' '' -- $token) Directory)
        echo $before$directory
    end
end

complete -c kmemctl -f

complete -c kmemctl -n __kmemctl_no_verb -a list -d 'Show dax devices, their memory blocks and memmap'
complete -c kmemctl -n __kmemctl_no_verb -a status -d 'Show the daemon, the job under way, and all devices'
complete -c kmemctl -n __kmemctl_no_verb -a plan -d 'Show what policy would do, and what that costs'
complete -c kmemctl -n __kmemctl_no_verb -a apply -d 'Bring all devices, or one, to what policy wants'
complete -c kmemctl -n __kmemctl_no_verb -a explain -d 'Show which policy file and key decided what'
complete -c kmemctl -n __kmemctl_no_verb -a drain -d 'Take a device\'s memory out of use'
complete -c kmemctl -n __kmemctl_no_verb -a memmap -d 'Show or set whether a device carries its own memmap'
complete -c kmemctl -n __kmemctl_no_verb -a inventory -d 'Print the whole snapshot'
complete -c kmemctl -n __kmemctl_no_verb -a policy -d 'Check policy files'

complete -c kmemctl -n '__kmemctl_verb_is list; or __kmemctl_at 1 status plan apply explain drain memmap' -a '(__kmemctl_devices)' -d Device
complete -c kmemctl -n '__kmemctl_at 2 memmap' -a 'on off'
complete -c kmemctl -n '__kmemctl_at 1 policy' -a check
complete -c kmemctl -n '__kmemctl_verb_is policy; and not __kmemctl_at 1 policy' -F

complete -c kmemctl -s h -l help -d 'Show help'
complete -c kmemctl -n __kmemctl_no_verb -l version -d 'Show the version'
# The format is only taken behind '=', so the plain option is one of its own.
complete -c kmemctl -n '__kmemctl_verb_is list status plan apply explain drain memmap inventory policy' \
    -l json -d 'Print JSON'
complete -c kmemctl -n '__kmemctl_verb_is list status plan apply explain drain memmap inventory policy; and __kmemctl_dash' \
    -a '--json=pretty --json=short --json=off' -d 'Print JSON'
complete -c kmemctl -n '__kmemctl_verb_is list' -s r -l region -x -a all -d 'Only this dax region'
complete -c kmemctl -n '__kmemctl_verb_is list' -s d -l dev -x -a 'all (__kmemctl_devices)' -d 'Only this dax device'
complete -c kmemctl -n '__kmemctl_verb_is list' -s D -l devices -d 'Dax devices'
complete -c kmemctl -n '__kmemctl_verb_is list' -s R -l regions -d 'Dax regions'
complete -c kmemctl -n '__kmemctl_verb_is list' -s M -l mappings -d 'Physical ranges, too'
complete -c kmemctl -n '__kmemctl_verb_is list' -s i -l idle -d 'Devices without a size, too'
complete -c kmemctl -n '__kmemctl_verb_is list' -s u -l human -d 'Sizes for people'
complete -c kmemctl -n '__kmemctl_verb_is apply drain' -s n -l dry-run -d 'Show the plan and do nothing'
complete -c kmemctl -n '__kmemctl_verb_is apply drain' -s t -l timeout -x -d 'How long offlining may take, in seconds'
complete -c kmemctl -n '__kmemctl_verb_is status plan explain' -l inventory -r -F -d 'A snapshot, not this machine'
complete -c kmemctl -n '__kmemctl_verb_is plan apply explain drain policy' -s p -l policy -x \
    -a '(__kmemctl_directories)' -d 'Policy directories'
