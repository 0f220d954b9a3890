# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmemctl(1) for fish. Verbs, options and what kind of value an option takes come from kmemctl's own help,
# so that they are those of the kmemctl that is installed.

# The options of a verb, or without one those of kmemctl alone, a line each: letter (or -), name, kind of value (or -),
# text. An = before the kind says that the value has to follow an equals sign.
function __kmemctl_options
    set -l verb
    test -n "$argv[1]"; and set verb $argv[1]
    kmemctl help $verb 2>/dev/null |
        string replace -rf -- '^ +(?:-(.), )?--([a-z-]+)(?:(\[?)=([^] ]+(?:\[[^] ]*\])?)\]?)? +(\S.*)$' '$1\t$2\t$3\t$4\t$5' |
        string replace -r -- '^\t' '-\t' | string replace -r -- '^(.\t[^\t]+)\t\t\t' '$1\t-\t' |
        string replace -r -- '^(.\t[^\t]+)\t\[\t' '$1\t=' | string replace -r -- '^(.\t[^\t]+)\t\t' '$1\t'
end

# The kind of value of the option of a verb that is written so (-p, --policy); "-" when it has none.
function __kmemctl_kind
    for option in (__kmemctl_options $argv[1])
        set -l field (string split \t -- $option)
        if contains -- $argv[2] -$field[1] --$field[2]
            test $field[2] = align; and set field[3] ALIGN
            echo $field[3]
            return
        end
    end
    echo -
end

# The words behind kmemctl that are neither options nor their values: the verb and its arguments.
function __kmemctl_words
    set -l words (commandline -opc)
    set -l verb
    set -l skip 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case '--*=*'
            case '-*'
                # What means the same to all verbs may stand before them.
                if set -q verb[1]
                    string match -qr '^[^-=]' -- (__kmemctl_kind $verb $word); and set skip 1
                else
                    contains -- $word -t -p --timeout --inventory --policy; and set skip 1
                end
            case '*'
                set -q verb[1]; or set verb $word
                echo $word
        end
    end
end

# The values of members of JSON.
function __kmemctl_members
    string match --all --regex --groups-only -- '"(?:'$argv[1]')":"?([[:alnum:]._-]+)"?[,}]' $argv[2]
end

# Kernel names are offered first; the serials and UUIDs that belong to the same devices only when something has
# been typed, so that a device is not listed four times.
function __kmemctl_devices
    set -l keys 'device|region|chardev'
    test -n (commandline -ct | string collect); and set keys "$keys|serial|uuid"
    __kmemctl_members $keys (kmemctl status --json=short 2>/dev/null | string collect)
end

# The dax devices: what daxctl's verbs are about.
function __kmemctl_dax
    __kmemctl_members chardev (kmemctl list --json=short 2>/dev/null | string collect)
end

# The verbs with what they do; those that are only there to say that they are not are left out.
function __kmemctl_verbs
    kmemctl help 2>/dev/null | string replace -rf '^  ([a-z-]+)(?: \S+)*  +(\S.*)$' '$1\t$2' |
        string match -rv '^(split-acpi|migrate-device-model)\t'
end

# What completes a value of a kind, each with what was typed before it.
function __kmemctl_value
    set -l before $argv[2]
    set -l typed $argv[3]
    switch $argv[1]
        case FILE
            set -l files (__fish_complete_path $typed)
            test -n "$files"; and printf '%s\n' $before$files
        case 'DIR*' # with ':' between them
            set before $before(string match -r '^.*:' -- $typed; or echo '')
            for directory in (__fish_complete_directories (string replace -r '^.*:' '' -- $typed) Directory)
                echo $before$directory
            end
        case DEVICE
            printf '%s\n' $before{all,(__kmemctl_dax)}
        case REGION
            printf '%s\n' $before{all,(__kmemctl_members id (kmemctl list -R --json=short 2>/dev/null | string collect))}
        case MODE
            printf '%s\n' $before{system-ram,devdax}
        case ALIGN
            printf '%s\n' $before{4K,2M,1G}
        case '*|*'
            printf '%s\n' $before(string split '|' -- $argv[1])
    end # a number: nothing to offer
end

# What the usage line of the verb says of its arguments; position 1 is the first.
function __kmemctl_arguments
    set -l position (count $argv)
    set -l usage (kmemctl help $argv[1] 2>/dev/null)[1]
    switch "$argv[1]:$position:$usage"
        case 'policy:1:*'
            printf '%s\n' check show import
        case 'policy:*'
            if test $argv[2] = show
                __kmemctl_devices
            else
                __fish_complete_path (commandline -ct)
            end
        case '*:1:*VERB*'
            __kmemctl_verbs
        case '*DEVICE [DEVICE...]*'
            __kmemctl_devices
        case '*MEMDEV [MEMDEV...]*'
            __kmemctl_members device (kmemctl status --json=short 2>/dev/null | string collect)
        case '*REGION [REGION...]*'
            __kmemctl_members region (kmemctl status --json=short 2>/dev/null | string collect)
        case '*DEVICE...|all*'
            printf '%s\n' all (__kmemctl_dax)
        case '*DEVICE...*'
            __kmemctl_dax
        case '*:1:*DEVICE*'
            __kmemctl_devices
        case '*:2:*on|off*'
            printf '%s\n' on off
    end
end

function __kmemctl_complete
    set -l words (__kmemctl_words)
    set -l token (commandline -ct)
    set -l before (commandline -opc)
    if string match -qr '^--[a-z-]+=' -- $token
        set -l option (string replace -r '=.*' '' -- $token)
        set -l kind (string replace -r '^=' '' -- (__kmemctl_kind "$words[1]" $option))
        __kmemctl_value $kind "$option=" (string replace -r '^[^=]*=' '' -- $token)
        return
    end
    set -l kind (__kmemctl_kind "$words[1]" "$before[-1]")
    if string match -qr '^[^-=]' -- $kind
        __kmemctl_value $kind '' $token
        return
    end
    if string match -q -- '-*' $token
        for option in (__kmemctl_options $words[1])
            set -l field (string split \t -- $option)
            test $field[1] = -; or string join \t -- -$field[1] $field[4]
            string match -qr '^[^-=]' -- $field[3]; or string join \t -- --$field[2] $field[4]
            test $field[3] = -; or string join \t -- --$field[2]= $field[4]
        end
        return
    end
    if set -q words[1]
        __kmemctl_arguments $words
    else
        __kmemctl_verbs
    end
end

complete -c kmemctl -f -a '(__kmemctl_complete)'
